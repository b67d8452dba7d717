<?php

declare(strict_types=1);

namespace Donna\Mail;

interface Outbox
{
    public function record(string $messageId, string $owner, Message $message): void;

    public function count(): int;
}
