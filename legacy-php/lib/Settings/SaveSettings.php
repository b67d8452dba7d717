<?php

declare(strict_types=1);

namespace Donna\Settings;

use Donna\Call;
use Donna\Http\Response;

final class SaveSettings
{
    public function __construct(private readonly SettingsRepository $settings) {}

    public function __invoke(Call $call): Response
    {
        $own = $this->settings->merge($call->userId(), SettingsInput::read($call));

        return $call->respond->jsonSuccess(['message' => 'Settings saved.', 'data' => Defaults::with($own)]);
    }
}
