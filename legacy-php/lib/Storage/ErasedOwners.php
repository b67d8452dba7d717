<?php

declare(strict_types=1);

namespace Donna\Storage;

use Donna\Http\ApiException;
use Donna\Http\ErrorCode;

/**
 * Owners whose data were erased a moment ago. For some minutes nothing of theirs is written: a request that began before, or a
 * change that the gateway has on its way, would bring back what is to be gone.
 */
final class ErasedOwners
{
    public const FOLDER = '/erased';
    /** Longer than any request, any call of the gateway and any turn of a model takes. */
    public const SECONDS = 600;

    public function __construct(private readonly string $directory) {}

    /** @param string $owner 40 hex digits */
    public function add(string $owner): void
    {
        AtomicFile::directory($this->directory . self::FOLDER);
        if (!@touch($this->file($owner))) {
            throw new \RuntimeException('The store cannot be written.');
        }
    }

    public function has(string $owner): bool
    {
        $file = $this->file($owner);
        clearstatcache(true, $file);
        $since = @filemtime($file);

        return $since !== false && $since > time() - self::SECONDS;
    }

    /** @throws ApiException for a document of somebody who was erased a moment ago; a shared one passes */
    public function refuse(string $name): void
    {
        $owner = substr((string) strrchr($name, '/'), 1);
        if ($owner !== '' && $this->has($owner)) {
            throw new ApiException(
                ErrorCode::UpstreamUnavailable,
                'The data of this account were erased a moment ago. Please try again in some minutes.',
                ['Retry-After' => (string) self::SECONDS],
            );
        }
    }

    private function file(string $owner): string
    {
        return $this->directory . self::FOLDER . '/' . $owner;
    }
}
