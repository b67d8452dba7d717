<?php

declare(strict_types=1);

namespace Donna\Voice;

use Donna\Call;
use Donna\Http\Response;
use Donna\Provider\OpenAi;

final class UploadAudio
{
    public function __construct(private readonly OpenAi $provider) {}

    public function __invoke(Call $call): Response
    {
        $upload = AudioUpload::fromFile($call, 'audio');

        return $call->respond->jsonSuccess([
            'transcript' => $this->provider->transcribe($upload->bytes, $upload->type, $upload->extension),
            'duration' => AudioUpload::seconds($upload->bytes),
            'content_type' => $upload->type,
            'size' => strlen($upload->bytes),
        ]);
    }
}
