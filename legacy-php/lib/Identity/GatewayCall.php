<?php

declare(strict_types=1);

namespace Donna\Identity;

/**
 * Signs what this application asks of its gateway: a compact JWS (RFC 7515), HS256, for one method, path and body, once, within a minute. Type,
 * issuer and audience are others than those of X-Gateway-Identity: neither passes for the other.
 */
final class GatewayCall
{
    private const LIFE_SECONDS = 60;

    public function __construct(#[\SensitiveParameter] private readonly string $secret) {}

    /** @return string the value of X-Gateway-Call */
    public function sign(string $method, string $path, string $body, int $now): string
    {
        $signed = self::encode(self::json(['alg' => 'HS256', 'typ' => 'gateway-call+jwt'])) . '.' . self::encode(self::json([
            'iss' => 'donna-php',
            'aud' => 'donna-gateway',
            'jti' => bin2hex(random_bytes(16)),
            'htm' => $method,
            'htu' => $path,
            'bd' => self::encode(hash('sha256', $body, true)),
            'iat' => $now,
            'exp' => $now + self::LIFE_SECONDS,
        ]));

        return $signed . '.' . self::encode(hash_hmac('sha256', $signed, $this->secret, true));
    }

    /** @param array<string, string|int> $value */
    private static function json(array $value): string
    {
        return json_encode($value, JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR);
    }

    private static function encode(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }
}
