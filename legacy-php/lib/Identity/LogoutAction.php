<?php

declare(strict_types=1);

namespace Donna\Identity;

use Donna\Call;
use Donna\Http\Response;

final class LogoutAction
{
    public function __construct(private readonly Session $session) {}

    public function __invoke(Call $call): Response
    {
        $this->session->destroy();

        return $call->respond->jsonSuccess(['message' => 'Signed out.']);
    }
}
