<?php

declare(strict_types=1);

namespace Donna\Conversations;

use Donna\Call;
use Donna\Http\Response;

final class ListConversations
{
    public function __construct(private readonly ConversationRepository $conversations) {}

    public function __invoke(Call $call): Response
    {
        $data = array_map(Presenter::full(...), $this->conversations->of($call->userId()));

        return $call->respond->jsonSuccess(['data' => $data, 'count' => count($data), 'user_id' => $call->userId()]);
    }
}
