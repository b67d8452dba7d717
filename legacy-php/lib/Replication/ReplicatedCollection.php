<?php

declare(strict_types=1);

namespace Donna\Replication;

/** A kind of document that the gateway may change: what its changes look like, and what they do. */
interface ReplicatedCollection
{
    /** @param array<mixed> $change */
    public function isChange(array $change): bool;

    /**
     * @param array<mixed> $document
     * @param array<mixed> $change one that `isChange`
     * @return array<mixed> the document as the application itself would have left it
     */
    public function apply(array $document, array $change): array;

    /** @return array<mixed> */
    public function emptyDocument(): array;

    /** @param array<mixed> $document */
    public function isDocument(array $document): bool;
}
