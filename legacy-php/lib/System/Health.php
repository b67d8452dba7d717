<?php

declare(strict_types=1);

namespace Donna\System;

use Donna\Call;
use Donna\Environment;
use Donna\Http\Response;

final class Health
{
    public function __construct(private readonly Environment $env) {}

    public function __invoke(Call $call): Response
    {
        return $call->respond->jsonSuccess([
            'ok' => true,
            'service' => 'donna-api',
            'version' => $this->env->get('APP_VERSION', '1.0.0'),
            'time' => time(),
        ]);
    }
}
