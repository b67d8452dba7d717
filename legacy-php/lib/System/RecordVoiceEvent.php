<?php

declare(strict_types=1);

namespace Donna\System;

use Donna\Call;
use Donna\Clock;
use Donna\Http\Response;
use Donna\Text;

/** A voice event for one board, from a user's client or from the gateway's fan-out. */
final class RecordVoiceEvent
{
    private const MAX_DATA_BYTES = 8192;
    private const MAX_KEY_BYTES = 255;

    public function __construct(private readonly EventRepository $events, private readonly string $board) {}

    public function __invoke(Call $call): Response
    {
        $in = $call->input;
        $field = $in->has('kind') ? 'kind' : 'type';
        $kind = $in->matching($field, '/^[A-Za-z][A-Za-z0-9._-]{0,63}$/D', 'must be a name of at most 64 letters, digits, dots and dashes');
        $session = $in->optionalPathPart('session_id', 128);
        $text = $in->optionalText('text', 0, 4000, true);
        $in->optionalRecord('payload', self::MAX_DATA_BYTES);
        $in->optionalRecord('data', self::MAX_DATA_BYTES);
        $at = self::moment($call);
        $id = $this->id($call);
        $in->check();
        // What was said stays out of the record; its length is enough for the board.
        $isNew = $this->events->record('voice', $id, array_filter([
            'board' => $this->board,
            'kind' => $kind,
            'owner' => $call->userId(),
            'session_id' => $session,
            'occurred_at' => $at,
            'text_length' => $text === null ? null : Text::length($text),
        ], static fn(mixed $v): bool => $v !== null));

        return $call->respond->jsonSuccess(['message' => $isNew ? 'Event recorded.' : 'Event was recorded before.', 'data' => ['id' => $id, 'board' => $this->board, 'kind' => $kind, 'recorded_at' => Clock::now()]]);
    }

    /** One that comes again under the same key has the same id, whoever was not sure that it had arrived. */
    private function id(Call $call): string
    {
        $key = $call->request->header('idempotency-key');
        if (strlen($key) > self::MAX_KEY_BYTES) {
            $call->input->fail('Idempotency-Key', 'must not be longer than ' . self::MAX_KEY_BYTES . ' bytes');
        }

        return 'evt_' . ($key === ''
            ? bin2hex(random_bytes(12))
            : substr(hash('sha256', $this->board . "\0" . $call->userId() . "\0" . $key), 0, 24));
    }

    private static function moment(Call $call): ?string
    {
        $at = $call->input->raw('at');
        if ($at === null) {
            return null;
        }
        if ((is_int($at) || is_float($at)) && $at >= 0 && $at < 1e14) {
            return (string) $at;
        }
        if (is_string($at) && preg_match('/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,16}(?:Z|[+-][0-9]{2}:?[0-9]{2})?$/D', $at) === 1) {
            return $at;
        }
        $call->input->fail('at', 'must be an ISO 8601 moment or a number of milliseconds');

        return null;
    }
}
