<?php

declare(strict_types=1);

namespace Donna\Identity;

/** What the gateway has signed about this one request. */
final class Assertion
{
    /**
     * @param 'jwt'|'php-session'|'internal'|'anonymous' $via
     * @param ?string $about the id of the user about whom the gateway itself asks
     * @param ?string $bodyDigest base64url SHA-256 of the body that the gateway sends by itself
     * @param ?string $keepAs 32 hex digits under which the gateway will ask for what this request is about to overwrite
     */
    public function __construct(
        public readonly string $via,
        public readonly ?User $subject,
        public readonly bool $isWebhookVerified,
        public readonly ?string $about = null,
        public readonly ?string $bodyDigest = null,
        public readonly ?string $keepAs = null,
        /** The gateway asks for itself what the caller has asked already: it counts against nobody's limits. */
        public readonly bool $isAgain = false,
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

    /** Whether these are the very bytes that the gateway has signed; false where it has signed none. */
    public function isBody(string $bytes): bool
    {
        $digest = rtrim(strtr(base64_encode(hash('sha256', $bytes, true)), '+/', '-_'), '=');

        return $this->bodyDigest !== null && hash_equals($digest, $this->bodyDigest);
    }
}
