<?php

declare(strict_types=1);

namespace Donna\Provider;

final class HttpAnswer
{
    public function __construct(public readonly int $status, public readonly string $type, public readonly string $body) {}
}
