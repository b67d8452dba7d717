<?php

declare(strict_types=1);

namespace Donna\Identity;

use Donna\Call;
use Donna\Http\Response;

/** Tells the gateway, and nobody else, whose session a cookie names, or what has become of a user whom it asks about. */
final class SessionAction
{
    public function __construct(private readonly Session $session, private readonly UserDirectory $users) {}

    public function __invoke(Call $call): Response
    {
        $about = $call->assertion?->about;
        if ($about !== null) {
            $user = $this->users->find($about);

            return $call->respond->jsonSuccess(['data' => [
                'about' => $about,
                'user' => $user?->toArray(),
                'credentials' => $user?->credentials,
            ]]);
        }
        $user = $this->session->user();

        return $call->respond->jsonSuccess(['data' => [
            'authenticated' => $user !== null,
            'user' => $user?->toArray(),
            'csrf_token' => $this->session->csrfToken(),
        ]]);
    }
}
