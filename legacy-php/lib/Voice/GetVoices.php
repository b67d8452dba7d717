<?php

declare(strict_types=1);

namespace Donna\Voice;

use Donna\Call;
use Donna\Http\Response;
use Donna\Provider\ElevenLabs;

final class GetVoices
{
    public function __construct(private readonly ElevenLabs $provider) {}

    public function __invoke(Call $call): Response
    {
        $voices = $this->provider->voices();

        return $call->respond->jsonSuccess(['voices' => $voices, 'count' => count($voices)]);
    }
}
