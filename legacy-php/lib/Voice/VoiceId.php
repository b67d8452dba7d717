<?php

declare(strict_types=1);

namespace Donna\Voice;

use Donna\Call;

final class VoiceId
{
    private const DEFAULT = '21m00Tcm4TlvDq8ikWAM';

    public static function from(Call $call, string $configured): string
    {
        return $call->input->optionalPathPart('voice_id') ?? ($configured === '' ? self::DEFAULT : $configured);
    }
}
