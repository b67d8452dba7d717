<?php

declare(strict_types=1);

namespace Donna\Marketing;

use Donna\Call;
use Donna\Http\Response;

final class ShowInboxStats
{
    public function __construct(private readonly MailboxRepository $mailbox) {}

    public function __invoke(Call $call): Response
    {
        return $call->respond->jsonSuccess(['data' => [
            'emails' => [],
            'count' => count($this->mailbox->emails()),
            'stats' => $this->mailbox->stats(),
        ]]);
    }
}
