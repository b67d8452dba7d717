<?php

declare(strict_types=1);

namespace Donna\Identity;

use Donna\Call;
use Donna\Http\Response;

/** Tells the gateway, and nobody else, whose session a cookie names. */
final class SessionAction
{
    public function __construct(private readonly Session $session) {}

    public function __invoke(Call $call): Response
    {
        $user = $this->session->user();

        return $call->respond->jsonSuccess(['data' => [
            'authenticated' => $user !== null,
            'user' => $user?->toArray(),
            'csrf_token' => $this->session->csrfToken(),
        ]]);
    }
}
