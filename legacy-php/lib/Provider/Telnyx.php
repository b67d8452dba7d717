<?php

declare(strict_types=1);

namespace Donna\Provider;

use Donna\Environment;

/** Telnyx call control v2, and text messages. */
final class Telnyx
{
    public function __construct(private readonly HttpClient $http, private readonly Environment $env) {}

    /** @return array<string, mixed> */
    public function dial(string $to, ?string $from): array
    {
        return $this->call('POST', '/calls', [
            'connection_id' => $this->env->get('TELNYX_CONNECTION_ID', 'default'),
            'to' => $to,
            'from' => $from ?? $this->env->get('TELNYX_FROM_NUMBER', '+15550100000'),
        ]);
    }

    /**
     * @param 'answer'|'hangup'|'transfer'|'record_start' $action
     * @param array<string, string> $body
     * @return array<string, mixed>
     */
    public function act(string $callId, string $action, array $body = []): array
    {
        // Makes a repeated command harmless on Telnyx's side.
        return $this->call('POST', '/calls/' . rawurlencode($callId) . '/actions/' . $action, $body + ['command_id' => bin2hex(random_bytes(16))]);
    }

    /** @return array<string, mixed> */
    public function status(string $callId): array
    {
        return $this->call('GET', '/calls/' . rawurlencode($callId));
    }

    /** @return array<string, mixed> */
    public function text(string $to, string $text): array
    {
        return $this->call('POST', '/messages', [
            'from' => $this->env->get('TELNYX_FROM_NUMBER', '+15550100000'),
            'to' => $to,
            'text' => $text,
        ]);
    }

    /**
     * @param ?array<string, mixed> $body
     * @return array<string, mixed>
     */
    private function call(string $method, string $path, ?array $body = null): array
    {
        $answer = $this->http->json(
            $method,
            Key::baseUrl($this->env, 'TELNYX_BASE_URL', 'https://api.telnyx.com/v2') . $path,
            ['Authorization' => 'Bearer ' . Key::of($this->env, 'TELNYX_API_KEY', 'The telephony provider')],
            $body,
            (float) $this->env->integer('PROVIDER_TIMEOUT_S', 30, 1, 120),
        );
        if (!is_array($answer['data'] ?? null)) {
            throw HttpClient::badAnswer();
        }

        return $answer['data'];
    }
}
