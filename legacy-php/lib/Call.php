<?php

declare(strict_types=1);

namespace Donna;

use Donna\Http\ApiResponder;
use Donna\Http\Request;
use Donna\Identity\Assertion;
use Donna\Identity\User;
use Donna\Validation\Input;

/** All that one action is given: the request, its fields, who calls, and how to answer. */
final class Call
{
    /** @param \Closure(): ?User $who asked when somebody wants to know: an action for anyone need not open a session */
    public function __construct(
        public readonly Request $request,
        public readonly Input $input,
        private readonly \Closure $who,
        public readonly ?Assertion $assertion,
        public readonly ApiResponder $respond,
        public readonly int $maxBodyBytes,
    ) {}

    public function user(): ?User
    {
        return ($this->who)();
    }

    /** The caller's id. Endpoints below Access::User always have one; a gateway call may carry its subject. */
    public function userId(): string
    {
        return $this->user()?->id ?? $this->assertion?->subject?->id ?? '';
    }
}
