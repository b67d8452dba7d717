<?php

declare(strict_types=1);

namespace Donna\Mail;

use Donna\Environment;
use Donna\Http\ApiException;
use Donna\Http\ErrorCode;
use Donna\Identity\GatewayCall;
use Donna\Provider\HttpClient;

/**
 * Hands mail to the gateway, which keeps it and sends it. GATEWAY_INTERNAL_URL says where the gateway is: a setting, never
 * something that a request brings along.
 */
final class GatewayMail
{
    private const PATH = '/api/internal/mail';
    private const TIMEOUT_SECONDS = 18.0;
    private const MAX_ANSWER_BYTES = 65536;

    public function __construct(private readonly Environment $env) {}

    public function isConfigured(): bool
    {
        return $this->env->get('GATEWAY_INTERNAL_URL') !== '' && $this->env->get('GATEWAY_IDENTITY_SECRET') !== '';
    }

    /**
     * @param string $key the same for the same mail when it comes again
     * @return array{string, string} the Message-ID, and `queued`
     * @throws ApiException MAIL_NOT_CONFIGURED, VALIDATION_FAILED, UPSTREAM_…
     */
    public function send(string $owner, Message $message, string $key, string $traceId): array
    {
        $origin = $this->origin();
        $body = json_encode([
            'idempotency_key' => $key,
            'owner' => $owner === '' ? null : $owner,
            'to' => [$message->to],
            'subject' => $message->subject,
            'text' => $message->body,
        ], JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
        $deadline = microtime(true) + self::TIMEOUT_SECONDS;
        // Once more where no answer came: the key keeps it from being sent twice.
        $answer = $this->ask($origin, $body, $traceId, $deadline) ?? $this->ask($origin, $body, $traceId, $deadline);
        if ($answer === null) {
            throw microtime(true) >= $deadline - 0.1
                ? new ApiException(ErrorCode::UpstreamTimeout, 'The gateway did not take the mail in time.')
                : new ApiException(ErrorCode::UpstreamUnavailable, 'The gateway cannot be reached, so the mail was not sent.');
        }
        [$status, $fields] = $answer;
        if ($status === 202 && is_string($fields['message_id'] ?? null) && is_string($fields['status'] ?? null)) {
            return [$fields['message_id'], $fields['status']];
        }

        throw self::refusal($fields);
    }

    private function origin(): string
    {
        if (!$this->isConfigured()) {
            throw new ApiException(ErrorCode::MailNotConfigured, 'Sending mail is not configured.');
        }
        $url = rtrim($this->env->get('GATEWAY_INTERNAL_URL'), '/');
        $parts = preg_match('~^https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::[0-9]{1,5})?$~D', $url) === 1 ? parse_url($url) : false;
        $host = is_array($parts) ? (string) ($parts['host'] ?? '') : '';
        if ($host === '' || ($this->env->flag('DONNA_LOOPBACK_ONLY', false) && !HttpClient::isLoopback($host))) {
            throw new ApiException(ErrorCode::MailNotConfigured, 'Sending mail is not configured: GATEWAY_INTERNAL_URL is no origin that may be reached.');
        }

        return $url;
    }

    /** @return ?array{int, array<string, mixed>} status and fields; null where no answer came */
    private function ask(string $origin, string $body, string $traceId, float $deadline): ?array
    {
        $left = $deadline - microtime(true);
        if ($left < 0.1) {
            return null;
        }
        $call = new GatewayCall($this->env->get('GATEWAY_IDENTITY_SECRET'));
        $stream = @fopen($origin . self::PATH, 'rb', false, stream_context_create([
            'http' => [
                'method' => 'POST',
                'header' => [
                    'Connection: close',
                    'Content-Type: application/json',
                    'Accept: application/json',
                    'User-Agent: donna-api',
                    'X-Trace-Id: ' . $traceId,
                    'X-Gateway-Call: ' . $call->sign('POST', self::PATH, $body, time()),
                ],
                'content' => $body,
                'timeout' => $left,
                'ignore_errors' => true,
                'follow_location' => 0,
                'max_redirects' => 0,
                'protocol_version' => 1.1,
            ],
            'ssl' => ['verify_peer' => true, 'verify_peer_name' => true, 'allow_self_signed' => false],
        ]));
        if ($stream === false) {
            return null;
        }
        try {
            $status = self::status((array) (stream_get_meta_data($stream)['wrapper_data'] ?? []));
            $text = stream_get_contents($stream, self::MAX_ANSWER_BYTES);
        } finally {
            fclose($stream);
        }
        $fields = is_string($text) ? json_decode($text, true, 16) : null;

        return is_array($fields) ? [$status, $fields] : null;
    }

    /** @param array<mixed> $lines */
    private static function status(array $lines): int
    {
        $status = 0;
        foreach ($lines as $line) {
            // The last one: 100-continue comes before it.
            if (preg_match('~^HTTP/[0-9.]+ ([0-9]{3})~', (string) $line, $match) === 1) {
                $status = (int) $match[1];
            }
        }

        return $status;
    }

    /** @param array<string, mixed> $fields an error envelope, or anything */
    private static function refusal(array $fields): ApiException
    {
        $code = is_string($fields['errorCode'] ?? null) ? ErrorCode::tryFrom($fields['errorCode']) : null;
        $text = is_string($fields['error'] ?? null) ? $fields['error'] : '';

        return match ($code) {
            ErrorCode::MailNotConfigured => new ApiException($code, 'Sending mail is not configured.'),
            ErrorCode::UpstreamUnavailable => new ApiException($code, $text, ['Retry-After' => '30']),
            ErrorCode::ValidationFailed => ApiException::validation(self::asSent((array) ($fields['validationErrors'] ?? []))),
            ErrorCode::RateLimited => new ApiException(ErrorCode::UpstreamUnavailable, 'Too much mail at a time. Please try again soon.', ['Retry-After' => '30']),
            default => new ApiException(ErrorCode::UpstreamBadAnswer, 'The gateway did not take the mail.'),
        };
    }

    /**
     * The faults by the names that this application's clients use.
     *
     * @param array<mixed> $faults
     * @return array<string, string>
     */
    private static function asSent(array $faults): array
    {
        $named = [];
        foreach ($faults as $field => $problem) {
            if (is_string($field) && is_string($problem)) {
                $named[['text' => 'body', 'idempotency_key' => 'Idempotency-Key'][$field] ?? $field] = $problem;
            }
        }

        return $named;
    }
}
