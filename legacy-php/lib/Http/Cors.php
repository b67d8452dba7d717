<?php

declare(strict_types=1);

namespace Donna\Http;

/** CORS for direct callers: an exact list of origins, never a wildcard. */
final class Cors
{
    /** @param list<string> $origins */
    public function __construct(private readonly array $origins) {}

    /** @return array<string, string> */
    public function headers(Request $request): array
    {
        $origin = $request->header('origin');
        if ($origin === '' || !in_array($origin, $this->origins, true)) {
            return $this->origins === [] ? [] : ['Vary' => 'Origin'];
        }

        return [
            'Access-Control-Allow-Origin' => $origin,
            'Access-Control-Allow-Credentials' => 'true',
            'Access-Control-Expose-Headers' => 'X-Trace-Id, Retry-After',
            'Vary' => 'Origin',
        ];
    }

    /** @param list<string> $methods */
    public function preflight(Request $request, array $methods): Response
    {
        $headers = ['Allow' => implode(', ', $methods)];
        $origin = $request->header('origin');
        if ($origin !== '' && in_array($origin, $this->origins, true) && $request->header('access-control-request-method') !== '') {
            $headers += [
                'Access-Control-Allow-Methods' => implode(', ', $methods),
                'Access-Control-Allow-Headers' => 'Accept, Authorization, Content-Type, X-CSRF-Token, X-Trace-Id, traceparent',
                'Access-Control-Max-Age' => '600',
            ];
        }

        return new Response(204, $headers, '');
    }
}
