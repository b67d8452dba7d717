<?php

declare(strict_types=1);

namespace Donna\Mail;

use Donna\Http\ApiException;
use Donna\Logger;

/** The one way in which this application sends mail: by its gateway. It never says "queued" for what nobody has taken. */
final class Mailer
{
    private const MAX_KEY_BYTES = 200;

    /** @param string $sentKey the client's Idempotency-Key, or '' */
    public function __construct(
        private readonly GatewayMail $gateway,
        private readonly Outbox $outbox,
        private readonly string $traceId,
        private readonly string $sentKey,
        private readonly Logger $logger,
    ) {}

    public function isConfigured(): bool
    {
        return $this->gateway->isConfigured();
    }

    /** @throws ApiException MAIL_NOT_CONFIGURED, VALIDATION_FAILED, or UPSTREAM_… when the gateway does not take it */
    public function send(string $owner, Message $message): Receipt
    {
        if (strlen($this->sentKey) > self::MAX_KEY_BYTES) {
            throw ApiException::validation(['Idempotency-Key' => 'must not be longer than ' . self::MAX_KEY_BYTES . ' bytes']);
        }
        // A client's key is its user's own; without one each request is a mail of its own.
        $key = $this->sentKey === '' ? bin2hex(random_bytes(16)) : hash('sha256', $owner . "\n" . $this->sentKey);
        [$messageId, $status] = $this->gateway->send($owner, $message, $key, $this->traceId);
        try {
            $this->outbox->record($messageId, $owner);
        } catch (\Throwable) {
            // It is taken and will be sent: to say otherwise would have it sent a second time.
            $this->logger->log('error', 'mail.not-noted');
        }

        return new Receipt($messageId, $status);
    }
}
