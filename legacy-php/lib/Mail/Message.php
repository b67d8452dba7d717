<?php

declare(strict_types=1);

namespace Donna\Mail;

/** A plain text mail. Its fields were validated: no line breaks in addresses or subject. */
final class Message
{
    public function __construct(
        public readonly string $to,
        public readonly string $subject,
        public readonly string $body,
    ) {}
}
