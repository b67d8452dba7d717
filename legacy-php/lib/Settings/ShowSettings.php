<?php

declare(strict_types=1);

namespace Donna\Settings;

use Donna\Call;
use Donna\Http\Response;

final class ShowSettings
{
    public function __construct(private readonly SettingsRepository $settings) {}

    public function __invoke(Call $call): Response
    {
        return $call->respond->jsonSuccess(['data' => Defaults::with($this->settings->of($call->userId()))]);
    }
}
