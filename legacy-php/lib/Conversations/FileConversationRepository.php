<?php

declare(strict_types=1);

namespace Donna\Conversations;

use Donna\Clock;
use Donna\Storage\JsonStore;
use Donna\Text;

/** One document per owner: the bounded list of conversations with their last messages. */
final class FileConversationRepository implements ConversationRepository
{
    private const FOLDER = 'conversations';
    /** Of a kept reply; the caller gets it whole. */
    private const MAX_REPLY_CHARACTERS = 16000;
    /** The gateway's clock may be ahead of this one's, and its moments stand in documents. */
    private const CLOCK_SKEW_SECONDS = 300;

    public function __construct(private readonly JsonStore $store) {}

    public function of(string $owner): array
    {
        $list = array_reverse($this->load($owner));
        usort($list, static fn(array $a, array $b): int => strcmp($b['updated_at'], $a['updated_at']));

        return $list;
    }

    public function create(string $owner, string $title, string $metadataJson, ?string $id = null): array
    {
        $conversation = ConversationList::blank($id ?? self::newId(), $title, $metadataJson, Clock::now());
        $this->update($owner, static fn(array $list): array => ConversationList::bounded([...$list, $conversation]));

        return $conversation;
    }

    public function change(string $owner, string $id, array $changes): ?array
    {
        $changed = null;
        $this->update($owner, static function (array $list) use ($id, $changes, &$changed): ?array {
            $next = ConversationList::changed($list, $id, $changes, Clock::now());
            $changed = $next === null ? null : ConversationList::find($next, $id);

            return $next;
        });

        return $changed;
    }

    public function remove(string $owner, string $id): bool
    {
        $isRemoved = false;
        $this->update($owner, static function (array $list) use ($id, &$isRemoved): ?array {
            $rest = ConversationList::without($list, $id);
            $isRemoved = $rest !== null;

            return $rest;
        });

        return $isRemoved;
    }

    public function messages(string $owner, string $id, int $max): array
    {
        foreach ($this->load($owner) as $conversation) {
            if ($conversation['id'] === $id) {
                return array_slice($conversation['messages'], -$max);
            }
        }

        return [];
    }

    public function append(string $owner, string $id, string $title, string $message, string $reply): void
    {
        $this->update($owner, static function (array $list) use ($id, $title, $message, $reply): array {
            $at = null;
            foreach ($list as $i => $conversation) {
                $at = $conversation['id'] === $id ? $i : $at;
            }
            if ($at === null) {
                $list[] = ConversationList::blank($id, $title, '{}', Clock::now());
                $at = count($list) - 1;
            }
            $now = Clock::now();
            $list[$at] = [
                'updated_at' => $now,
                'last_message_at' => $now,
                'message_count' => $list[$at]['message_count'] + 2,
                'last_message_preview' => Text::cut(Text::oneLine($reply), 120),
                'messages' => array_slice([
                    ...$list[$at]['messages'],
                    ['role' => 'user', 'content' => $message],
                    ['role' => 'assistant', 'content' => Text::cut($reply, self::MAX_REPLY_CHARACTERS)],
                ], -ConversationList::MAX_MESSAGES),
            ] + $list[$at];

            return ConversationList::withinBytes(ConversationList::bounded($list));
        });
    }

    public function countSince(string $moment): int
    {
        $count = 0;
        // A document that has rested since holds nothing newer: it is not opened.
        $since = (int) strtotime($moment) - self::CLOCK_SKEW_SECONDS;
        foreach ($this->store->each(self::FOLDER, max(0, $since)) as $document) {
            foreach ($document['conversations'] ?? [] as $conversation) {
                $count += $conversation['updated_at'] >= $moment ? 1 : 0;
            }
        }

        return $count;
    }

    public static function newId(): string
    {
        return 'conv_' . bin2hex(random_bytes(12));
    }

    /** @return list<array<string, mixed>> */
    private function load(string $owner): array
    {
        return array_values($this->store->read(JsonStore::nameFor(self::FOLDER, $owner))['conversations'] ?? []);
    }

    /** @param callable(list<array<string, mixed>>): ?array<mixed> $change */
    private function update(string $owner, callable $change): void
    {
        $this->store->update(JsonStore::nameFor(self::FOLDER, $owner), static function (array $document) use ($change): ?array {
            $list = $change(array_values($document['conversations'] ?? []));

            return $list === null ? null : ['conversations' => $list];
        });
    }
}
