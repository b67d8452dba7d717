<?php

declare(strict_types=1);

namespace Donna\Conversations;

use Donna\Call;
use Donna\Http\ApiResponder;

/** Free facts a client keeps with a conversation: a JSON object of at most 8 KiB. */
final class Metadata
{
    private const MAX_BYTES = 8192;

    /** @return ?string the object as JSON text; null when none was sent */
    public static function from(Call $call): ?string
    {
        if ($call->input->raw('metadata') === null) {
            return null;
        }
        $value = $call->request->jsonMember('metadata', $call->maxBodyBytes);
        if (is_string($value) && str_starts_with(ltrim($value), '{')) {
            $value = json_decode($value, false, 31);
        }
        if (is_array($value) && $value !== [] && !array_is_list($value)) {
            $value = (object) $value;
        }
        if (!$value instanceof \stdClass) {
            $call->input->fail('metadata', 'must be an object');

            return null;
        }
        $json = json_encode($value, ApiResponder::JSON_FLAGS);
        if (strlen($json) > self::MAX_BYTES) {
            $call->input->fail('metadata', 'must not be longer than ' . self::MAX_BYTES . ' bytes');
        }

        return $json;
    }
}
