<?php

declare(strict_types=1);

namespace Donna\Settings;

use Donna\Call;
use Donna\Http\Response;

final class ResetSettings
{
    public function __construct(private readonly SettingsRepository $settings) {}

    public function __invoke(Call $call): Response
    {
        $this->settings->reset($call->userId());

        return $call->respond->jsonSuccess(['message' => 'Settings reset.', 'data' => Defaults::SETTINGS]);
    }
}
