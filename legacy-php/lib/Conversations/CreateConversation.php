<?php

declare(strict_types=1);

namespace Donna\Conversations;

use Donna\Call;
use Donna\Donna\Profile;
use Donna\Http\Response;

final class CreateConversation
{
    public function __construct(private readonly ConversationRepository $conversations) {}

    public function __invoke(Call $call): Response
    {
        $title = $call->input->optionalText('title', 1, 200) ?? 'New conversation';
        $profile = $call->input->optionalChoice('profile', Profile::names());
        $metadata = Metadata::from($call) ?? '{}';
        $call->input->check();
        if ($profile !== null) {
            $object = json_decode($metadata, false, 32) ?? new \stdClass();
            $object->profile = $profile;
            $metadata = json_encode($object, \Donna\Http\ApiResponder::JSON_FLAGS);
        }
        $made = $this->conversations->create($call->userId(), $title, $metadata);

        return $call->respond->jsonSuccess(['message' => 'Conversation created.', 'data' => [
            'id' => $made['id'],
            'title' => $made['title'],
            'created_at' => $made['created_at'],
            'status' => $made['status'],
            'message_count' => $made['message_count'],
        ]], 201);
    }
}
