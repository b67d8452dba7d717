<?php

declare(strict_types=1);

namespace Donna\Voice;

use Donna\Call;
use Donna\Environment;
use Donna\Http\ApiException;
use Donna\Http\ErrorCode;
use Donna\Http\Response;
use Donna\System\EventRepository;

/** Telnyx's webhooks: Ed25519 over `timestamp|body`, the raw bytes, at most 300 s old. Never taken unsigned. */
final class ReceiveWebhook
{
    private const WINDOW_SECONDS = 300;

    public function __construct(private readonly Environment $env, private readonly EventRepository $events) {}

    public function __invoke(Call $call): Response
    {
        $body = $call->request->body($call->maxBodyBytes);
        $this->verify($call, $body);
        $event = json_decode($body, true, 32);
        if (!is_array($event) || ltrim($body)[0] !== '{') {
            throw new ApiException(ErrorCode::BadRequest, 'The body is not a JSON object.');
        }
        $id = $event['data']['id'] ?? null;
        $type = $event['data']['event_type'] ?? null;
        // Telnyx repeats what it is not sure was heard; the id (or the bytes) tells a repetition.
        $this->events->record('telnyx', is_string($id) && strlen($id) <= 128 ? $id : hash('sha256', $body), [
            'type' => is_string($type) && preg_match('/^[a-z._]{1,64}$/D', $type) === 1 ? $type : 'unknown',
        ]);

        return $call->respond->jsonSuccess(['status' => 'received']);
    }

    private function verify(Call $call, string $body): void
    {
        $key = base64_decode($this->env->get('TELNYX_PUBLIC_KEY'), true);
        if ($key === false || strlen($key) !== 32) {
            throw new ApiException(ErrorCode::UpstreamUnavailable, 'Webhooks are not configured.');
        }
        $timestamp = $call->request->header('telnyx-timestamp');
        $signature = base64_decode($call->request->header('telnyx-signature-ed25519'), true);
        if (preg_match('/^[0-9]{1,12}$/D', $timestamp) !== 1 || abs(time() - (int) $timestamp) > self::WINDOW_SECONDS
            || $signature === false || strlen($signature) !== 64) {
            throw self::refused();
        }
        if (function_exists('sodium_crypto_sign_verify_detached')) {
            if (!sodium_crypto_sign_verify_detached($signature, $timestamp . '|' . $body, $key)) {
                throw self::refused();
            }

            return;
        }
        if ($call->assertion?->isWebhookVerified !== true) {
            throw new ApiException(ErrorCode::UpstreamUnavailable, 'Webhooks cannot be verified here.');
        }
    }

    private static function refused(): ApiException
    {
        return new ApiException(ErrorCode::Unauthenticated, 'The signature does not hold.', ['WWW-Authenticate' => 'Signature realm="telnyx"']);
    }
}
