<?php

declare(strict_types=1);

namespace Donna\Replication;

use Donna\Conversations\ChangeConversation;
use Donna\Conversations\ConversationList;
use Donna\Validation\Validators;

/** Changes of an owner's conversations: create, change, remove, expire, each with the id and the time that it had at the gateway. */
final class ReplicatedConversations implements ReplicatedCollection
{
    private const MAX_ID = 128;
    private const MAX_TITLE_BYTES = 4096;
    private const MAX_METADATA_BYTES = 65536;

    public function isChange(array $change): bool
    {
        if (($change['kind'] ?? null) === 'expire') {
            return Moment::isOne($change['before'] ?? null) && Moment::isOne($change['at'] ?? null);
        }
        $isSaid = Validators::isPathPart($change['id'] ?? null, self::MAX_ID) && Moment::isOne($change['at'] ?? null)
            && self::areTexts($change);

        return $isSaid && match ($change['kind'] ?? null) {
            'create' => isset($change['title'], $change['metadata']),
            'change' => isset($change['title']) || isset($change['status']) || isset($change['metadata']),
            'remove' => true,
            default => false,
        };
    }

    public function apply(array $document, array $change): array
    {
        $list = array_values($document['conversations'] ?? []);
        $next = match ($change['kind']) {
            'create' => ConversationList::find($list, $change['id']) !== null ? null : ConversationList::bounded([
                ...$list,
                ConversationList::blank($change['id'], $change['title'], $change['metadata'], $change['at']),
            ]),
            'change' => ConversationList::changed(
                $list,
                $change['id'],
                array_intersect_key($change, ['title' => 0, 'status' => 0, 'metadata' => 0]),
                $change['at'],
            ),
            'expire' => ConversationList::withoutRested($list, $change['before']),
            default => ConversationList::without($list, $change['id']),
        };

        return ['conversations' => $next ?? $list];
    }

    public function emptyDocument(): array
    {
        return ['conversations' => []];
    }

    /**
     * Whether the application can read it. What it would write itself is narrower: a document that comes back may be of another
     * version of it, and nothing of that is to be lost.
     */
    public function isDocument(array $document): bool
    {
        $list = $document['conversations'] ?? null;
        if (!is_array($list) || !array_is_list($list) || count($document) !== 1) {
            return false;
        }
        $ids = [];
        foreach ($list as $conversation) {
            if (!is_array($conversation) || !self::isConversation($conversation)) {
                return false;
            }
            $ids['#' . $conversation['id']] = true;
        }

        return count($ids) === count($list);
    }

    /** @param array<mixed> $c */
    private static function isConversation(array $c): bool
    {
        if (array_diff_key(ConversationList::blank('', '', '', ''), $c) !== []
            || !Validators::isPathPart($c['id'], self::MAX_ID)
            || !is_string($c['title']) || !is_string($c['metadata']) || !is_string($c['status'])
            || !Moment::isOne($c['created_at']) || !Moment::isOne($c['updated_at'])
            || !($c['last_message_at'] === null || Moment::isOne($c['last_message_at']))
            || !($c['last_message_preview'] === null || is_string($c['last_message_preview']))
            || !is_int($c['message_count'])
            || !is_array($c['messages']) || !array_is_list($c['messages'])) {
            return false;
        }
        foreach ($c['messages'] as $message) {
            if (!is_array($message) || !is_string($message['content'] ?? null) || !is_string($message['role'] ?? null)) {
                return false;
            }
        }

        return true;
    }

    /**
     * The bounds are wider than those for a client: what the gateway has taken is not to be refused here.
     *
     * @param array<mixed> $value
     */
    private static function areTexts(array $value): bool
    {
        $title = $value['title'] ?? '';
        $metadata = $value['metadata'] ?? '{}';

        return is_string($title) && strlen($title) <= self::MAX_TITLE_BYTES
            && in_array($value['status'] ?? 'active', ChangeConversation::STATUSES, true)
            && is_string($metadata) && strlen($metadata) <= self::MAX_METADATA_BYTES
            && json_decode($metadata, false, 33) instanceof \stdClass;
    }
}
