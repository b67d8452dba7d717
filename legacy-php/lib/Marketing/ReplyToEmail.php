<?php

declare(strict_types=1);

namespace Donna\Marketing;

use Donna\Call;
use Donna\Http\ApiException;
use Donna\Http\Response;
use Donna\Mail\Mailer;
use Donna\Mail\Message;

/** Answers a mail of the inbox (`email_id`), or with `to` and `subject` one that is not in it. */
final class ReplyToEmail
{
    public function __construct(private readonly MailboxRepository $mailbox, private readonly Mailer $mailer) {}

    public function __invoke(Call $call): Response
    {
        $in = $call->input;
        $id = $in->optionalPathPart('email_id');
        $to = $id === null ? $in->email('to') : $in->optionalEmail('to');
        $subject = $id === null ? $in->text('subject', 1, 200) : $in->optionalText('subject', 1, 200);
        $body = $in->text('body', 1, 20000, true);
        $in->check();
        $email = null;
        if ($id !== null) {
            $email = $this->mailbox->find($id) ?? throw ApiException::notFound('This mail');
        }
        $receipt = $this->mailer->send($call->userId(), new Message(
            $to ?? (string) ($email['from'] ?? ''),
            $subject ?? 'Re: ' . ($email['subject'] ?? ''),
            $body,
        ));
        if ($id !== null) {
            $this->mailbox->markAnswered($id);
        }

        return $call->respond->jsonSuccess([
            'message' => 'Reply handed over.',
            'message_id' => $receipt->messageId,
            'status' => $receipt->status,
        ]);
    }
}
