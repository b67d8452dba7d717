<?php

declare(strict_types=1);

namespace Donna\Mail;

use Donna\Environment;
use Donna\Http\ApiException;
use Donna\Http\ErrorCode;

/** Sends by SMTP or refuses; it never says "sent" for what was not handed over. */
final class Mailer
{
    public function __construct(
        private readonly SmtpClient $smtp,
        private readonly Outbox $outbox,
        private readonly Environment $env,
    ) {}

    public function isConfigured(): bool
    {
        return $this->env->get('SMTP_HOST') !== '';
    }

    /**
     * @return string the Message-ID
     * @throws ApiException MAIL_NOT_CONFIGURED, or UPSTREAM_… when the mail server does not take it
     */
    public function send(string $owner, Message $message): string
    {
        if (!$this->isConfigured()) {
            throw new ApiException(ErrorCode::MailNotConfigured, 'Sending mail is not configured.');
        }
        $messageId = $this->smtp->deliver($message);
        $this->outbox->record($messageId, $owner, $message);

        return $messageId;
    }
}
