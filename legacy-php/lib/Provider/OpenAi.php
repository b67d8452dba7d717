<?php

declare(strict_types=1);

namespace Donna\Provider;

use Donna\Donna\ChatModel;
use Donna\Environment;

/** Chat completions and transcription. */
final class OpenAi implements ChatModel
{
    public function __construct(private readonly HttpClient $http, private readonly Environment $env) {}

    public function complete(array $messages, int $maxTokens = 600): string
    {
        $answer = $this->http->json(
            'POST',
            $this->url('/chat/completions'),
            $this->authorization(),
            ['model' => $this->env->get('OPENAI_CHAT_MODEL', 'gpt-4o-mini'), 'messages' => $messages, 'max_tokens' => $maxTokens, 'stream' => false],
            (float) $this->env->integer('PROVIDER_TIMEOUT_S', 30, 1, 120),
        );
        $text = $answer['choices'][0]['message']['content'] ?? null;
        if (!is_string($text) || trim($text) === '') {
            throw HttpClient::badAnswer();
        }

        return trim($text);
    }

    public function transcribe(string $bytes, string $type, string $extension): string
    {
        [$contentType, $body] = HttpClient::multipart(
            ['model' => $this->env->get('OPENAI_TRANSCRIBE_MODEL', 'whisper-1'), 'response_format' => 'json'],
            'file',
            'audio.' . $extension,
            $type,
            $bytes,
        );
        $answer = json_decode($this->http->send(
            'POST',
            $this->url('/audio/transcriptions'),
            $this->authorization() + ['Content-Type' => $contentType, 'Accept' => 'application/json'],
            $body,
            (float) $this->env->integer('PROVIDER_TIMEOUT_S', 30, 1, 120),
        )->body, true);
        if (!is_array($answer) || !is_string($answer['text'] ?? null)) {
            throw HttpClient::badAnswer();
        }

        return $answer['text'];
    }

    private function url(string $path): string
    {
        return Key::baseUrl($this->env, 'OPENAI_BASE_URL', 'https://api.openai.com/v1') . $path;
    }

    /** @return array<string, string> */
    private function authorization(): array
    {
        return ['Authorization' => 'Bearer ' . Key::of($this->env, 'OPENAI_API_KEY', 'The AI provider')];
    }
}
