<?php

declare(strict_types=1);

namespace Donna\Donna;

interface ChatModel
{
    /**
     * @param list<array{role: string, content: string}> $messages
     * @return string the model's answer, never empty
     */
    public function complete(array $messages, int $maxTokens = 600): string;
}
