<?php

declare(strict_types=1);

namespace Donna\Mail;

use Donna\Clock;
use Donna\Storage\JsonStore;

/** What was handed over lately: who and when. To whom and what is the gateway's to know, and to forget. */
final class FileOutbox implements Outbox
{
    private const MAX = 500;

    public function __construct(private readonly JsonStore $store) {}

    public function record(string $messageId, string $owner): void
    {
        // The mail has gone; whom it was for is not to be known again of somebody who was erased meanwhile.
        $this->store->update('outbox', fn(array $sent): ?array => $this->store->isErased($owner) ? null : array_slice([...$sent, [
            'message_id' => $messageId,
            'owner' => $owner,
            'at' => Clock::now(),
        ]], -self::MAX));
    }

    public function count(): int
    {
        return count($this->store->read('outbox'));
    }
}
