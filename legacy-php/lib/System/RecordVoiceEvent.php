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
        $in->check();
        $id = 'evt_' . bin2hex(random_bytes(12));
        // What was said stays out of the record; its length is enough for the board.
        $this->events->record('voice', $id, array_filter([
            'board' => $this->board,
            'kind' => $kind,
            'owner' => $call->userId(),
            'session_id' => $session,
            'occurred_at' => $at,
            'text_length' => $text === null ? null : Text::length($text),
        ], static fn(mixed $v): bool => $v !== null));

        return $call->respond->jsonSuccess(['message' => 'Event recorded.', 'data' => ['id' => $id, 'board' => $this->board, 'kind' => $kind, 'recorded_at' => Clock::now()]]);
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
