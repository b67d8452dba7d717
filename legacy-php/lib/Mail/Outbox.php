<?php

declare(strict_types=1);

namespace Donna\Mail;

interface Outbox
{
    public function record(string $messageId, string $owner): void;

    public function count(): int;
}
