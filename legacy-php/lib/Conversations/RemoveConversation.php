<?php

declare(strict_types=1);

namespace Donna\Conversations;

use Donna\Call;
use Donna\Http\ApiException;
use Donna\Http\Response;

final class RemoveConversation
{
    public function __construct(private readonly ConversationRepository $conversations) {}

    public function __invoke(Call $call): Response
    {
        $id = $call->input->pathPart('id');
        $call->input->check();
        if (!$this->conversations->remove($call->userId(), $id)) {
            throw ApiException::notFound('This conversation');
        }

        return $call->respond->jsonSuccess(['message' => 'Conversation deleted.', 'data' => ['id' => $id]]);
    }
}
