<?php

declare(strict_types=1);

namespace Donna\Conversations;

use Donna\Call;
use Donna\Http\ApiException;
use Donna\Http\Response;

final class ChangeConversation
{
    public const STATUSES = ['active', 'archived', 'closed'];

    public function __construct(private readonly ConversationRepository $conversations) {}

    public function __invoke(Call $call): Response
    {
        $id = $call->input->pathPart('id');
        $changes = array_filter([
            'title' => $call->input->optionalText('title', 1, 200),
            'status' => $call->input->optionalChoice('status', self::STATUSES),
            'metadata' => Metadata::from($call),
        ], static fn(?string $value): bool => $value !== null);
        $call->input->check();
        if ($changes === []) {
            throw ApiException::validation(['title' => 'give title, status or metadata']);
        }
        $changed = $this->conversations->change($call->userId(), $id, $changes) ?? throw ApiException::notFound('This conversation');

        return $call->respond->jsonSuccess(['message' => 'Conversation updated.', 'data' => Presenter::full($changed)]);
    }
}
