<?php

declare(strict_types=1);

namespace Donna\Mail;

use Donna\Call;
use Donna\Http\Response;

final class SendMail
{
    public function __construct(private readonly Mailer $mailer) {}

    public function __invoke(Call $call): Response
    {
        $message = new Message(
            $call->input->email('to'),
            $call->input->text('subject', 1, 200),
            $call->input->text('body', 1, 20000, true),
        );
        $call->input->check();
        $receipt = $this->mailer->send($call->userId(), $message);

        return $call->respond->jsonSuccess([
            'message' => 'Mail handed over.',
            'message_id' => $receipt->messageId,
            'status' => $receipt->status,
        ]);
    }
}
