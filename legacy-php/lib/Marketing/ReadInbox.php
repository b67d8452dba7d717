<?php

declare(strict_types=1);

namespace Donna\Marketing;

use Donna\Call;
use Donna\Http\Response;

/** `inbox`, `read_inbox`, and `classify`, which adds how the words of each mail speak for a category. */
final class ReadInbox
{
    public function __construct(private readonly MailboxRepository $mailbox, private readonly bool $isClassified = false) {}

    public function __invoke(Call $call): Response
    {
        $limit = $call->input->integer('limit', 1, 100, 5);
        $category = $call->input->optionalChoice('category', MailboxRepository::CATEGORIES);
        $call->input->check();
        $emails = array_slice($this->mailbox->emails($category), 0, $limit);
        if ($this->isClassified) {
            $emails = array_map(static fn(array $email): array => $email + ['classification' => Classifier::classify($email['subject'], $email['body'])], $emails);
        }

        return $call->respond->jsonSuccess(['data' => ['emails' => $emails, 'count' => count($emails), 'stats' => $this->mailbox->stats()]]);
    }
}
