<?php

declare(strict_types=1);

namespace Donna\Identity;

/** Verifies X-Gateway-Identity: a compact JWS (RFC 7515), HS256, bound to one method and path and a minute of life. */
final class GatewayIdentity
{
    private const LEEWAY_SECONDS = 5;
    private const MAX_BYTES = 8192;

    public function __construct(#[\SensitiveParameter] private readonly string $secret) {}

    /** @return ?Assertion null for whatever does not hold: an invalid assertion is no assertion */
    public function verify(string $token, string $method, string $path, int $now): ?Assertion
    {
        if ($this->secret === '' || $token === '' || strlen($token) > self::MAX_BYTES) {
            return null;
        }
        $parts = explode('.', $token);
        if (count($parts) !== 3) {
            return null;
        }
        $signature = self::decode($parts[2]);
        $expected = hash_hmac('sha256', $parts[0] . '.' . $parts[1], $this->secret, true);
        if ($signature === null || !hash_equals($expected, $signature)) {
            return null;
        }
        $header = self::object($parts[0]);
        $claims = self::object($parts[1]);
        if ($header === null || $claims === null
            || ($header['alg'] ?? null) !== 'HS256'
            || ($header['typ'] ?? null) !== 'gateway-identity+jwt'
            || isset($header['crit'])
            || ($claims['iss'] ?? null) !== 'donna-gateway'
            || ($claims['htm'] ?? null) !== $method
            || ($claims['htu'] ?? null) !== $path
            || !is_int($claims['iat'] ?? null) || $claims['iat'] > $now + self::LEEWAY_SECONDS
            || !is_int($claims['exp'] ?? null) || $claims['exp'] <= $now - self::LEEWAY_SECONDS
            || !in_array($claims['via'] ?? null, ['jwt', 'php-session', 'internal', 'anonymous'], true)) {
            return null;
        }
        $subject = null;
        if (isset($claims['sub'])) {
            $subject = User::fromArray([
                'id' => $claims['sub'],
                'email' => $claims['email'] ?? '',
                'name' => $claims['name'] ?? '',
                'roles' => $claims['roles'] ?? [],
            ]);
        }
        if ($subject === null && ($claims['via'] === 'jwt' || $claims['via'] === 'php-session')) {
            return null;
        }

        $about = $claims['about'] ?? null;
        $digest = $claims['bd'] ?? null;
        $keepAs = $claims['keep'] ?? null;
        $isInternal = $claims['via'] === 'internal';

        return new Assertion(
            $claims['via'],
            $subject,
            ($claims['webhook'] ?? null) === 'verified',
            $isInternal && is_string($about) && $about !== '' ? $about : null,
            $isInternal && is_string($digest) ? $digest : null,
            is_string($keepAs) && preg_match('/^[0-9a-f]{32}$/D', $keepAs) === 1 ? $keepAs : null,
            ($claims['again'] ?? null) === true,
        );
    }

    /** base64url without padding (RFC 7515, 2), in its one canonical spelling only. */
    private static function decode(string $text): ?string
    {
        if (preg_match('/^[A-Za-z0-9_-]*$/D', $text) !== 1) {
            return null;
        }
        $bytes = base64_decode(strtr($text, '-_', '+/'), true);

        return $bytes === false || rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=') !== $text ? null : $bytes;
    }

    /** @return ?array<string, mixed> */
    private static function object(string $part): ?array
    {
        $json = self::decode($part);
        $value = $json === null ? null : json_decode($json, true, 8);

        return is_array($value) && !array_is_list($value) ? $value : null;
    }
}
