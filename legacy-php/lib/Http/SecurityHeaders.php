<?php

declare(strict_types=1);

namespace Donna\Http;

/** PHP's own security headers, for whoever calls it directly; the gateway replaces them by its policy. */
final class SecurityHeaders
{
    /** @return array<string, string> */
    public static function forApi(): array
    {
        return self::common() + ['Content-Security-Policy' => "default-src 'none'; frame-ancestors 'none'"];
    }

    /** @return array<string, string> */
    public static function forPage(): array
    {
        return self::common() + [
            'Content-Security-Policy' => "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
                . "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        ];
    }

    /** @return array<string, string> */
    private static function common(): array
    {
        return [
            'X-Content-Type-Options' => 'nosniff',
            'X-Frame-Options' => 'DENY',
            'Referrer-Policy' => 'strict-origin-when-cross-origin',
            'Cross-Origin-Opener-Policy' => 'same-origin',
            'Cross-Origin-Resource-Policy' => 'same-origin',
            'Permissions-Policy' => 'camera=(), geolocation=(), microphone=(self)',
            'X-Permitted-Cross-Domain-Policies' => 'none',
        ];
    }
}
