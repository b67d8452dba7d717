<?php

declare(strict_types=1);

namespace Donna\System;

use Donna\Call;
use Donna\Http\ErrorCode;
use Donna\Http\Response;

final class RetiredRealtime
{
    public function __invoke(Call $call): Response
    {
        return $call->respond->jsonError(ErrorCode::Gone, 'This endpoint is retired. Use /api/realtime/token instead.');
    }
}
