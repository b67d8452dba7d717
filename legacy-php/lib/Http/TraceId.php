<?php

declare(strict_types=1);

namespace Donna\Http;

/** The id of this request: handed down by the gateway, or made here. */
final class TraceId
{
    public static function of(Request $request): string
    {
        $given = $request->header('x-trace-id');
        if (preg_match('/^[A-Za-z0-9_-]{8,64}$/D', $given) === 1) {
            return $given;
        }
        // W3C Trace Context: version "-" trace-id "-" parent-id "-" flags; an all-zero trace-id is invalid.
        if (preg_match('/^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/D', $request->header('traceparent'), $match) === 1
            && trim($match[1], '0') !== '') {
            return $match[1];
        }

        return bin2hex(random_bytes(16));
    }
}
