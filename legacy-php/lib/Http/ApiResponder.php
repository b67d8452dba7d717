<?php

declare(strict_types=1);

namespace Donna\Http;

/** Builds the one envelope of the API (contract, section 1). */
final class ApiResponder
{
    public const JSON_FLAGS = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION
        | JSON_INVALID_UTF8_SUBSTITUTE | JSON_THROW_ON_ERROR;

    public function __construct(private readonly string $traceId) {}

    /** @param array<string, mixed> $fields beside the envelope */
    public function jsonSuccess(array $fields = [], int $status = 200): Response
    {
        return $this->json($status, ['success' => true, 'traceId' => $this->traceId] + $fields);
    }

    /** @param array<string, string> $headers */
    public function jsonError(ErrorCode $code, string $message, array $headers = []): Response
    {
        return $this->json($code->status(), $this->error($code, $message), $headers);
    }

    /** @param array<string, string> $errors */
    public function validationError(array $errors, string $message = 'Some fields are not valid.'): Response
    {
        $code = ErrorCode::ValidationFailed;

        return $this->json($code->status(), $this->error($code, $message) + ['validationErrors' => (object) $errors]);
    }

    public function fromException(ApiException $refusal): Response
    {
        return $refusal->errorCode === ErrorCode::ValidationFailed
            ? $this->validationError($refusal->validationErrors, $refusal->getMessage())
            : $this->jsonError($refusal->errorCode, $refusal->getMessage(), $refusal->headers);
    }

    /** @return array<string, mixed> */
    private function error(ErrorCode $code, string $message): array
    {
        return ['success' => false, 'traceId' => $this->traceId, 'error' => $message, 'errorCode' => $code->value];
    }

    /**
     * @param array<string, mixed> $body
     * @param array<string, string> $headers
     */
    private function json(int $status, array $body, array $headers = []): Response
    {
        return new Response(
            $status,
            $headers + ['Content-Type' => 'application/json; charset=utf-8', 'Cache-Control' => 'no-store'],
            json_encode($body, self::JSON_FLAGS),
        );
    }
}
