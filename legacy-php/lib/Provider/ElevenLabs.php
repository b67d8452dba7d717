<?php

declare(strict_types=1);

namespace Donna\Provider;

use Donna\Environment;

/** Voices, speech from text, speech from speech. */
final class ElevenLabs
{
    public function __construct(private readonly HttpClient $http, private readonly Environment $env) {}

    /** @return list<array<string, mixed>> */
    public function voices(): array
    {
        $answer = $this->http->json('GET', $this->url('/voices'), $this->key(), null, $this->timeout());
        if (!is_array($answer['voices'] ?? null)) {
            throw HttpClient::badAnswer();
        }
        $voices = [];
        foreach (array_slice($answer['voices'], 0, 200) as $voice) {
            if (is_array($voice) && is_string($voice['voice_id'] ?? null)) {
                $voices[] = [
                    'voice_id' => $voice['voice_id'],
                    'name' => is_string($voice['name'] ?? null) ? $voice['name'] : $voice['voice_id'],
                    'category' => is_string($voice['category'] ?? null) ? $voice['category'] : null,
                    'preview_url' => is_string($voice['preview_url'] ?? null) ? $voice['preview_url'] : null,
                ];
            }
        }

        return $voices;
    }

    public function textToSpeech(string $voiceId, string $text): HttpAnswer
    {
        $body = json_encode(
            ['text' => $text, 'model_id' => $this->env->get('ELEVENLABS_MODEL', 'eleven_multilingual_v2')],
            JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR,
        );

        return $this->audio($this->http->send(
            'POST',
            $this->url('/text-to-speech/' . rawurlencode($voiceId)),
            $this->key() + ['Content-Type' => 'application/json', 'Accept' => 'audio/mpeg'],
            $body,
            $this->timeout(),
        ));
    }

    public function speechToSpeech(string $voiceId, string $bytes, string $type, string $extension): HttpAnswer
    {
        [$contentType, $body] = HttpClient::multipart(
            ['model_id' => $this->env->get('ELEVENLABS_STS_MODEL', 'eleven_multilingual_sts_v2')],
            'audio',
            'audio.' . $extension,
            $type,
            $bytes,
        );

        return $this->audio($this->http->send(
            'POST',
            $this->url('/speech-to-speech/' . rawurlencode($voiceId)),
            $this->key() + ['Content-Type' => $contentType, 'Accept' => 'audio/mpeg'],
            $body,
            $this->timeout(),
        ));
    }

    private function audio(HttpAnswer $answer): HttpAnswer
    {
        if ($answer->body === '' || str_starts_with($answer->type, 'text/') || $answer->type === 'application/json') {
            throw HttpClient::badAnswer();
        }

        return $answer;
    }

    private function url(string $path): string
    {
        return Key::baseUrl($this->env, 'ELEVENLABS_BASE_URL', 'https://api.elevenlabs.io/v1') . $path;
    }

    /** @return array<string, string> */
    private function key(): array
    {
        return ['xi-api-key' => Key::of($this->env, 'ELEVENLABS_API_KEY', 'The voice provider')];
    }

    private function timeout(): float
    {
        return (float) $this->env->integer('PROVIDER_TIMEOUT_S', 30, 1, 120);
    }
}
