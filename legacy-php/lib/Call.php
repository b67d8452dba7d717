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
    public function __construct(
        public readonly Request $request,
        public readonly Input $input,
        public readonly ?User $user,
        public readonly ?Assertion $assertion,
        public readonly ApiResponder $respond,
        public readonly int $maxBodyBytes,
    ) {}

    /** The caller's id. Endpoints below Access::User always have one; a gateway call may carry its subject. */
    public function userId(): string
    {
        return $this->user?->id ?? $this->assertion?->subject?->id ?? '';
    }
}
