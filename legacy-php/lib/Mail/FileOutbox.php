<?php

declare(strict_types=1);

namespace Donna\Mail;

use Donna\Clock;
use Donna\Storage\JsonStore;

/** What was sent lately: who and when, not the text. */
final class FileOutbox implements Outbox
{
    private const MAX = 500;

    public function __construct(private readonly JsonStore $store) {}

    public function record(string $messageId, string $owner, Message $message): void
    {
        $this->store->update('outbox', static fn(array $sent): array => array_slice([...$sent, [
            'message_id' => $messageId,
            'owner' => $owner,
            'to' => $message->to,
            'subject' => $message->subject,
            'at' => Clock::now(),
        ]], -self::MAX));
    }

    public function count(): int
    {
        return count($this->store->read('outbox'));
    }
}
