<?php

declare(strict_types=1);

namespace Donna\Voice;

use Donna\Call;
use Donna\Http\Response;
use Donna\Provider\ElevenLabs;

final class TestConnection
{
    public function __construct(private readonly ElevenLabs $provider) {}

    public function __invoke(Call $call): Response
    {
        $start = hrtime(true);
        $count = count($this->provider->voices());

        return $call->respond->jsonSuccess([
            'connected' => true,
            'voice_count' => $count,
            'latency_ms' => (int) round((hrtime(true) - $start) / 1e6),
            'message' => 'The voice provider answers.',
        ]);
    }
}
