<?php

declare(strict_types=1);

namespace Donna\Http;

/** An expected refusal. Its message is shown to the client, so it says nothing of files, hosts or providers. */
final class ApiException extends \RuntimeException
{
    /**
     * @param array<string, string> $headers
     * @param array<string, string> $validationErrors field => what is wrong with it
     */
    public function __construct(
        public readonly ErrorCode $errorCode,
        string $message,
        public readonly array $headers = [],
        public readonly array $validationErrors = [],
        ?\Throwable $previous = null,
    ) {
        parent::__construct($message, 0, $previous);
    }

    /** @param array<string, string> $errors */
    public static function validation(array $errors): self
    {
        return new self(ErrorCode::ValidationFailed, 'Some fields are not valid.', [], $errors);
    }

    public static function notFound(string $what): self
    {
        return new self(ErrorCode::NotFound, $what . ' was not found.');
    }

    /** @param list<string> $allowed */
    public static function method(array $allowed): self
    {
        return new self(ErrorCode::MethodNotAllowed, 'This method is not allowed here.', ['Allow' => implode(', ', $allowed)]);
    }
}
