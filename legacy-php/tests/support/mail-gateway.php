<?php

declare(strict_types=1);

/**
 * The gateway's POST /api/internal/mail, as far as PHP sees it: php -S … mail-gateway.php with MAIL_OUT (a file) and
 * GATEWAY_IDENTITY_SECRET. A mail's subject chooses how it is answered.
 */
$body = (string) file_get_contents('php://input');
$token = explode('.', $_SERVER['HTTP_X_GATEWAY_CALL'] ?? '');
$decode = static fn(string $part): array => (array) json_decode((string) base64_decode(strtr($part, '-_', '+/'), true), true);
$encode = static fn(string $bytes): string => rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
[$head, $claims] = [$decode($token[0]), $decode($token[1] ?? '')];
$isSigned = hash_equals($encode(hash_hmac('sha256', $token[0] . '.' . ($token[1] ?? ''), (string) getenv('GATEWAY_IDENTITY_SECRET'), true)), $token[2] ?? '');
$fields = json_decode($body, true);
file_put_contents((string) getenv('MAIL_OUT'), json_encode([
    'path' => $_SERVER['REQUEST_METHOD'] . ' ' . $_SERVER['REQUEST_URI'],
    'signed' => $isSigned && ($claims['bd'] ?? '') === $encode(hash('sha256', $body, true)),
    'head' => $head,
    'claims' => $claims,
    'fields' => $fields,
    'trace' => $_SERVER['HTTP_X_TRACE_ID'] ?? '',
]) . "\n", FILE_APPEND | LOCK_EX);
$answer = static function (int $status, array $fields): void {
    http_response_code($status);
    header('Content-Type: application/json');
    echo json_encode(['success' => $status < 300, 'traceId' => 'gateway-trace'] + $fields);
};
match ($fields['subject'] ?? '') {
    'off' => $answer(503, ['error' => 'Sending mail is not configured.', 'errorCode' => 'MAIL_NOT_CONFIGURED']),
    'full' => $answer(503, ['error' => 'Too much mail is waiting. Send this one again later.', 'errorCode' => 'UPSTREAM_UNAVAILABLE']),
    'unfit' => $answer(422, ['error' => 'Some fields are not valid.', 'errorCode' => 'VALIDATION_FAILED', 'validationErrors' => ['text' => 'is too long']]),
    'stranger' => $answer(401, ['error' => 'secret reason at /var/gateway', 'errorCode' => 'UNAUTHENTICATED']),
    'page' => print('<h1>not a gateway</h1>'),
    default => $answer(202, ['message_id' => '<' . md5((string) ($fields['idempotency_key'] ?? '')) . '@donna.example>', 'status' => 'queued']),
};
