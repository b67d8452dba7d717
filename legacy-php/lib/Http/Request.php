<?php

declare(strict_types=1);

namespace Donna\Http;

/** The request as a value. fromGlobals() is the only place that reads superglobals (sessions: see Identity\Session). */
final class Request
{
    /**
     * @param array<string, mixed> $query
     * @param array<string, mixed> $form
     * @param array<string, mixed> $files
     * @param array<string, string> $headers names in lower case
     * @param array<string, mixed> $cookies
     * @param ?string $body the raw bytes; null reads php://input when asked
     */
    public function __construct(
        public readonly string $method,
        public readonly string $target,
        public readonly array $query = [],
        public readonly array $form = [],
        public readonly array $files = [],
        public readonly array $headers = [],
        public readonly array $cookies = [],
        public readonly string $remoteAddress = '127.0.0.1',
        public readonly bool $isHttps = false,
        private readonly ?string $body = null,
    ) {}

    public static function fromGlobals(): self
    {
        $headers = [];
        foreach ($_SERVER as $name => $value) {
            if (is_string($value) && str_starts_with((string) $name, 'HTTP_')) {
                $headers[strtolower(strtr(substr((string) $name, 5), '_', '-'))] = $value;
            }
        }
        foreach (['CONTENT_TYPE' => 'content-type', 'CONTENT_LENGTH' => 'content-length'] as $key => $name) {
            if (is_string($_SERVER[$key] ?? null) && $_SERVER[$key] !== '') {
                $headers[$name] = $_SERVER[$key];
            }
        }
        $https = strtolower((string) ($_SERVER['HTTPS'] ?? ''));

        return new self(
            (string) ($_SERVER['REQUEST_METHOD'] ?? 'GET'),
            (string) ($_SERVER['REQUEST_URI'] ?? '/'),
            $_GET,
            $_POST,
            $_FILES,
            $headers,
            $_COOKIE,
            (string) ($_SERVER['REMOTE_ADDR'] ?? '127.0.0.1'),
            $https !== '' && $https !== 'off',
        );
    }

    public function header(string $name): string
    {
        return trim($this->headers[strtolower($name)] ?? '');
    }

    public function cookie(string $name): string
    {
        $value = $this->cookies[$name] ?? '';

        return is_string($value) ? $value : '';
    }

    /** The path exactly as it was sent (undecoded), without the query; an absolute-form target (RFC 9112, 3.2.2) loses its origin. */
    public function path(): string
    {
        $target = preg_replace('~^https?://[^/?#]*~i', '', $this->target);
        $path = explode('#', explode('?', (string) $target, 2)[0], 2)[0];

        return $path === '' ? '/' : $path;
    }

    public function isRead(): bool
    {
        return in_array($this->method, ['GET', 'HEAD', 'OPTIONS'], true);
    }

    /** Media type in lower case, without parameters. */
    public function mediaType(): string
    {
        return strtolower(trim(explode(';', $this->header('content-type'), 2)[0]));
    }

    /**
     * The raw bytes of the body.
     *
     * @throws ApiException PAYLOAD_TOO_LARGE above $maxBytes
     */
    public function body(int $maxBytes): string
    {
        $this->refuseDeclaredAbove($maxBytes);
        $body = $this->body ?? (string) file_get_contents('php://input', false, null, 0, $maxBytes + 1);
        if (strlen($body) > $maxBytes) {
            throw new ApiException(ErrorCode::PayloadTooLarge, 'The request body is too large.');
        }

        return $body;
    }

    public function refuseDeclaredAbove(int $maxBytes): void
    {
        $declared = $this->header('content-length');
        if (preg_match('/^[0-9]+$/D', $declared) === 1 && (strlen($declared) > 15 || (int) $declared > $maxBytes)) {
            throw new ApiException(ErrorCode::PayloadTooLarge, 'The request body is too large.');
        }
    }

    /**
     * The fields of a JSON or form body.
     *
     * @return array<string, mixed>
     * @throws ApiException BAD_REQUEST for malformed JSON, UNSUPPORTED_MEDIA_TYPE for anything else than JSON or a form
     */
    public function fields(int $maxBytes): array
    {
        $type = $this->mediaType();
        if ($type === 'application/x-www-form-urlencoded' || $type === 'multipart/form-data') {
            $this->refuseDeclaredAbove($maxBytes);
            if ($this->form === [] && $this->files === [] && (int) $this->header('content-length') > self::postLimit()) {
                // PHP drops such a body without a word.
                throw new ApiException(ErrorCode::PayloadTooLarge, 'The request body is too large.');
            }

            return $this->form;
        }
        $body = $this->body($maxBytes);
        if ($body === '') {
            return [];
        }
        if ($type !== '' && $type !== 'application/json' && !str_ends_with($type, '+json')) {
            throw new ApiException(ErrorCode::UnsupportedMediaType, 'Send JSON or a form.', ['Accept' => 'application/json, application/x-www-form-urlencoded']);
        }

        return (array) json_decode(self::objectText($body), true, 32, JSON_THROW_ON_ERROR);
    }

    /** One member of a JSON body with its objects kept as objects, so that {} does not turn into []. */
    public function jsonMember(string $name, int $maxBytes): mixed
    {
        $type = $this->mediaType();
        if ($type === 'application/x-www-form-urlencoded' || $type === 'multipart/form-data') {
            return $this->form[$name] ?? null;
        }
        $body = $this->body($maxBytes);
        $document = $body === '' ? null : json_decode($body, false, 32);

        return $document instanceof \stdClass ? ($document->{$name} ?? null) : null;
    }

    private static function objectText(string $body): string
    {
        try {
            $document = json_decode($body, false, 32, JSON_THROW_ON_ERROR);
        } catch (\JsonException $e) {
            throw new ApiException(ErrorCode::BadRequest, 'The body is not valid JSON.', previous: $e);
        }
        if (!$document instanceof \stdClass) {
            throw new ApiException(ErrorCode::BadRequest, 'The body must be a JSON object.');
        }

        return $body;
    }

    /** PHP's own bound on a form body, in bytes. */
    private static function postLimit(): int
    {
        $value = trim((string) ini_get('post_max_size'));
        $number = (int) $value;
        $factor = match (strtolower(substr($value, -1))) {
            'g' => 1 << 30,
            'm' => 1 << 20,
            'k' => 1 << 10,
            default => 1,
        };

        return $number <= 0 ? PHP_INT_MAX : $number * $factor;
    }
}
