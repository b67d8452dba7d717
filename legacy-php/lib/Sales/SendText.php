<?php

declare(strict_types=1);

namespace Donna\Sales;

use Donna\Call;
use Donna\Http\Response;
use Donna\Provider\HttpClient;
use Donna\Provider\Telnyx;

final class SendText
{
    public function __construct(private readonly Telnyx $telnyx) {}

    public function __invoke(Call $call): Response
    {
        $in = $call->input;
        $to = $in->phone('to');
        $text = $in->text($in->has('message') && !$in->has('text') ? 'message' : 'text', 1, 1600, true);
        $in->check();
        $sent = $this->telnyx->text($to, $text);
        if (!is_string($sent['id'] ?? null)) {
            throw HttpClient::badAnswer();
        }

        return $call->respond->jsonSuccess(['message' => 'Text handed over.', 'message_id' => $sent['id'], 'status' => 'queued']);
    }
}
