<?php

declare(strict_types=1);

namespace Donna\Identity;

/** What the gateway has signed about this one request. */
final class Assertion
{
    /**
     * @param 'jwt'|'php-session'|'internal'|'anonymous' $via
     * @param ?string $about the id of the user about whom the gateway itself asks
     */
    public function __construct(
        public readonly string $via,
        public readonly ?User $subject,
        public readonly bool $isWebhookVerified,
        public readonly ?string $about = null,
    ) {}

    /** The caller's own identity: an internal call speaks for the gateway, not for its subject. */
    public function user(): ?User
    {
        return $this->via === 'jwt' || $this->via === 'php-session' ? $this->subject : null;
    }

    public function isInternal(): bool
    {
        return $this->via === 'internal';
    }
}
