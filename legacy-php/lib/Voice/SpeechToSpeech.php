<?php

declare(strict_types=1);

namespace Donna\Voice;

use Donna\Call;
use Donna\Http\Response;
use Donna\Provider\ElevenLabs;

final class SpeechToSpeech
{
    public function __construct(private readonly ElevenLabs $provider, private readonly string $defaultVoice) {}

    public function __invoke(Call $call): Response
    {
        $voice = VoiceId::from($call, $this->defaultVoice);
        $encoded = $call->input->raw('audio_data');
        $hasFile = isset($call->request->files['audio']);
        if (!$hasFile && (!is_string($encoded) || $encoded === '')) {
            $call->input->fail('audio_data', 'is required: audio as base64, or a file in the field audio');
        }
        $call->input->check();
        $upload = $hasFile ? AudioUpload::fromFile($call, 'audio') : AudioUpload::fromBase64((string) $encoded, 'audio_data');
        $audio = $this->provider->speechToSpeech($voice, $upload->bytes, $upload->type, $upload->extension);

        return $call->respond->jsonSuccess([
            'audio_data' => base64_encode($audio->body),
            'content_type' => AudioUpload::recognise($audio->body)[0] ?? $audio->type,
            'voice_id' => $voice,
            'duration' => AudioUpload::seconds($audio->body),
        ]);
    }
}
