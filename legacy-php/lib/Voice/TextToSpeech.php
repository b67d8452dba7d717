<?php

declare(strict_types=1);

namespace Donna\Voice;

use Donna\Call;
use Donna\Http\Response;
use Donna\Provider\ElevenLabs;

final class TextToSpeech
{
    public function __construct(private readonly ElevenLabs $provider, private readonly string $defaultVoice) {}

    public function __invoke(Call $call): Response
    {
        $text = $call->input->text('text', 1, 5000, true);
        $voice = VoiceId::from($call, $this->defaultVoice);
        $call->input->check();
        $audio = $this->provider->textToSpeech($voice, $text);

        return $call->respond->jsonSuccess([
            'audio_data' => base64_encode($audio->body),
            'content_type' => AudioUpload::recognise($audio->body)[0] ?? $audio->type,
            'voice_id' => $voice,
            'duration' => AudioUpload::seconds($audio->body),
        ]);
    }
}
