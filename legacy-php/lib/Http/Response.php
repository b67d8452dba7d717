<?php

declare(strict_types=1);

namespace Donna\Http;

/** What goes out, as a value; only the Kernel writes it. */
final class Response
{
    /** @param array<string, string> $headers */
    public function __construct(public readonly int $status, public readonly array $headers, public readonly string $body) {}

    public static function html(int $status, string $body): self
    {
        return new self($status, ['Content-Type' => 'text/html; charset=utf-8', 'Cache-Control' => 'no-store'], $body);
    }

    /** A redirect to a path of this same site: browsers resolve it against whatever host they know us by. */
    public static function seeOther(string $path): self
    {
        return new self(303, ['Location' => $path, 'Cache-Control' => 'no-store'], '');
    }

    /** @param array<string, string> $headers added where this answer has no such header yet */
    public function with(array $headers): self
    {
        return new self($this->status, $this->headers + $headers, $this->body);
    }
}
