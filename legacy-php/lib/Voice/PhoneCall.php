<?php

declare(strict_types=1);

namespace Donna\Voice;

use Donna\Call;
use Donna\Http\Response;
use Donna\Provider\HttpClient;
use Donna\Provider\Telnyx;

/** Commands to one telephone call. Telnyx call ids hold colons, so they are no path part; they are encoded on their way. */
final class PhoneCall
{
    /** @param 'initiate'|'answer'|'hangup'|'transfer'|'record'|'status' $command */
    public function __construct(private readonly Telnyx $telnyx, private readonly string $command) {}

    public function __invoke(Call $call): Response
    {
        return $call->respond->jsonSuccess(match ($this->command) {
            'initiate' => $this->initiate($call),
            'status' => $this->status($call),
            'transfer' => $this->act($call, 'transfer', 'transferring', ['to' => $call->input->phone('to')]),
            'record' => $this->act($call, 'record_start', 'recording', ['format' => 'mp3', 'channels' => 'single']),
            'answer' => $this->act($call, 'answer', 'answered'),
            'hangup' => $this->act($call, 'hangup', 'ended'),
        });
    }

    /** @return array<string, mixed> */
    private function initiate(Call $call): array
    {
        $to = $call->input->phone('to');
        $from = $call->input->optionalPhone('from');
        $call->input->check();
        $made = $this->telnyx->dial($to, $from);
        if (!is_string($made['call_control_id'] ?? null)) {
            throw HttpClient::badAnswer();
        }

        return self::fields($made['call_control_id'], 'initiated', $made) + ['to' => $to];
    }

    /** @return array<string, mixed> */
    private function status(Call $call): array
    {
        $id = self::id($call);
        $call->input->check();
        $state = $this->telnyx->status($id);

        return self::fields($id, ($state['is_alive'] ?? null) === false ? 'ended' : 'active', $state)
            + ['is_alive' => ($state['is_alive'] ?? null) !== false, 'duration' => is_int($state['call_duration'] ?? null) ? $state['call_duration'] : null];
    }

    /**
     * @param 'answer'|'hangup'|'transfer'|'record_start' $action
     * @param array<string, string> $body
     * @return array<string, mixed>
     */
    private function act(Call $call, string $action, string $status, array $body = []): array
    {
        $id = self::id($call);
        $call->input->check();

        return self::fields($id, $status, $this->telnyx->act($id, $action, $body));
    }

    private static function id(Call $call): string
    {
        $field = $call->input->has('call_control_id') ? 'call_control_id' : 'call_id';

        return $call->input->matching($field, '/^[A-Za-z0-9][A-Za-z0-9:_-]{0,191}$/D', 'must be the id of a call');
    }

    /**
     * @param array<string, mixed> $answer
     * @return array<string, mixed>
     */
    private static function fields(string $id, string $status, array $answer): array
    {
        return [
            'call_id' => $id,
            'call_session_id' => is_string($answer['call_session_id'] ?? null) ? $answer['call_session_id'] : null,
            'status' => $status,
        ];
    }
}
