<?php

declare(strict_types=1);

namespace Donna\Replication;

use Donna\Call;
use Donna\Http\ApiException;
use Donna\Http\ErrorCode;
use Donna\Http\Response;
use Donna\Storage\JsonStore;
use Donna\Storage\Stamp;

/** The gateway's way to the documents of owners, for which it must have signed the very bytes of its question. */
final class DocumentsAction
{
    public const MAX_BODY_BYTES = 16_000_000;
    private const MAX_CHANGES = 100;
    private const MAX_LIMIT = 500;
    private const MAX_SEQ = 9_007_199_254_740_991;

    public function __construct(private readonly JsonStore $store) {}

    public function __invoke(Call $call): Response
    {
        $body = $call->request->body($call->maxBodyBytes);
        if ($call->assertion?->isBody($body) !== true) {
            throw new ApiException(ErrorCode::Forbidden, 'Only the gateway may ask this, and its signature must name the body.');
        }
        $in = json_decode($body, true, 8);
        if (!is_array($in) || array_is_list($in)) {
            throw new ApiException(ErrorCode::BadRequest, 'The body must be a JSON object.');
        }
        $name = self::demand($in, 'collection', static fn(mixed $v): bool => $v === 'conversations' || $v === 'settings');
        $collection = $name === 'settings' ? new ReplicatedSettings() : new ReplicatedConversations();
        $documents = new ReplicatedDocuments($this->store, $name, $collection);
        $answer = match ($in['action'] ?? null) {
            'read' => $documents->read(
                self::owner($in),
                self::version($in, 'version', ''),
                isset($in['maxBytes']) ? self::number($in, 'maxBytes', 1) : ReplicatedDocuments::MAX_DOCUMENT_BYTES,
            ),
            'effects' => $documents->effects(self::owner($in), self::keptAs($in)),
            'apply' => $documents->apply(self::owner($in), self::origin($in), self::number($in, 'since', 0), self::changes($in, $collection)),
            'list' => $documents->list(
                isset($in['after']) ? self::owner($in, 'after') : '',
                self::number($in, 'limit', 1, self::MAX_LIMIT),
            ),
            'replace' => $documents->replace(
                self::owner($in),
                self::document($in, $collection),
                self::version($in, 'ifVersion'),
                isset($in['seq']) ? new Stamp(self::origin($in), self::number($in, 'seq', 1)) : null,
            ),
            default => throw ApiException::validation(['action' => 'must be read, effects, apply, list or replace']),
        };

        return $call->respond->jsonSuccess($answer);
    }

    /** @param array<mixed> $in */
    private static function owner(array $in, string $field = 'owner'): string
    {
        return self::demand($in, $field, static fn(mixed $v): bool => is_string($v) && preg_match('/^[0-9a-f]{40}$/D', $v) === 1);
    }

    /** @param array<mixed> $in */
    private static function keptAs(array $in): string
    {
        return self::demand($in, 'keptAs', static fn(mixed $v): bool => is_string($v) && preg_match('/^[0-9a-f]{32}$/D', $v) === 1);
    }

    /** @param array<mixed> $in */
    private static function origin(array $in): string
    {
        return self::demand($in, 'origin', static fn(mixed $v): bool => is_string($v) && preg_match('/^[0-9a-f]{32}$/D', $v) === 1);
    }

    /** @param array<mixed> $in */
    private static function version(array $in, string $field, ?string $absent = null): string
    {
        if ($absent !== null && !isset($in[$field])) {
            return $absent;
        }

        return self::demand($in, $field, static fn(mixed $v): bool => is_string($v) && preg_match('/^(?:none|[0-9a-f]{64})$/D', $v) === 1);
    }

    /** @param array<mixed> $in */
    private static function number(array $in, string $field, int $min, int $max = self::MAX_SEQ): int
    {
        return self::demand($in, $field, static fn(mixed $v): bool => is_int($v) && $v >= $min && $v <= $max);
    }

    /**
     * @param array<mixed> $in
     * @return list<array<mixed>>
     */
    private static function changes(array $in, ReplicatedCollection $collection): array
    {
        $isList = static fn(mixed $v): bool => is_array($v) && array_is_list($v) && $v !== [] && count($v) <= self::MAX_CHANGES;
        $last = 0;
        foreach (self::demand($in, 'changes', $isList) as $i => $change) {
            $seq = is_array($change) ? ($change['seq'] ?? null) : null;
            if (!is_int($seq) || $seq <= $last || $seq > self::MAX_SEQ || !$collection->isChange($change)) {
                throw ApiException::validation(['changes' => "number {$i} is not a change, or not in order"]);
            }
            $last = $seq;
        }

        return $in['changes'];
    }

    /**
     * @param array<mixed> $in
     * @return array<mixed>
     */
    private static function document(array $in, ReplicatedCollection $collection): array
    {
        if (($in['document'] ?? null) === null && array_key_exists('document', $in)) {
            return $collection->emptyDocument();
        }
        $isText = static fn(mixed $v): bool => is_string($v) && strlen($v) <= ReplicatedDocuments::MAX_DOCUMENT_BYTES;
        $document = json_decode(self::demand($in, 'document', $isText), true, 64);
        if (!is_array($document) || !$collection->isDocument($document)) {
            throw ApiException::validation(['document' => 'is not a document of this collection']);
        }

        return $document;
    }

    /**
     * @param array<mixed> $in
     * @param callable(mixed): bool $holds
     */
    private static function demand(array $in, string $field, callable $holds): mixed
    {
        $value = $in[$field] ?? null;
        if (!$holds($value)) {
            throw ApiException::validation([$field => $value === null ? 'is required' : 'is not valid']);
        }

        return $value;
    }
}
