<?php

declare(strict_types=1);

namespace Donna\Mail;

/** What a client learns of a mail that was taken: `queued` is kept, and will be sent. */
final class Receipt
{
    public function __construct(public readonly string $messageId, public readonly string $status) {}
}
