<?php

declare(strict_types=1);

namespace Donna\Provider;

use Donna\Http\ApiException;
use Donna\Http\ErrorCode;

/**
 * The only way out of this application to an HTTP provider: PHP's stream wrapper with TLS verified, no redirects, a deadline and a bound on
 * the answer. A provider's failure becomes 502, 503 or 504, never the provider's own words.
 */
final class HttpClient
{
    private const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

    public function __construct(private readonly bool $isLoopbackOnly) {}

    public static function isLoopback(string $host): bool
    {
        $host = strtolower(trim($host, '[]'));

        return $host === 'localhost' || $host === '::1'
            || preg_match('/^127(?:\.(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}$/D', $host) === 1;
    }

    /**
     * @param array<string, string> $headers
     * @param array<string, mixed>|null $body sent as JSON
     * @return array<string, mixed>
     */
    public function json(string $method, string $url, array $headers, ?array $body = null, float $timeoutSeconds = 30.0): array
    {
        $text = $body === null ? '' : json_encode($body, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
        $headers += ['Accept' => 'application/json'] + ($body === null ? [] : ['Content-Type' => 'application/json']);
        $answer = json_decode($this->send($method, $url, $headers, $text, $timeoutSeconds)->body, true, 64);
        if (!is_array($answer)) {
            throw self::badAnswer();
        }

        return $answer;
    }

    /** @param array<string, string> $headers */
    public function send(string $method, string $url, array $headers, string $body = '', float $timeoutSeconds = 30.0): HttpAnswer
    {
        $this->refuseUnsafe($url);
        $deadline = microtime(true) + $timeoutSeconds;
        $lines = ['Connection: close', 'User-Agent: donna-api'];
        foreach ($headers as $name => $value) {
            if (preg_match('/[\r\n\0]/', $name . $value) === 1) {
                throw new \LogicException('A header value must be one line.');
            }
            $lines[] = $name . ': ' . $value;
        }
        $context = stream_context_create([
            'http' => [
                'method' => $method,
                'header' => $lines,
                'content' => $body,
                'timeout' => $timeoutSeconds,
                'ignore_errors' => true,
                'follow_location' => 0,
                'max_redirects' => 0,
                'protocol_version' => 1.1,
            ],
            'ssl' => ['verify_peer' => true, 'verify_peer_name' => true, 'allow_self_signed' => false],
        ]);
        $stream = @fopen($url, 'rb', false, $context);
        if ($stream === false) {
            throw microtime(true) >= $deadline - 0.1 ? self::timeout() : self::badAnswer();
        }
        try {
            return $this->read($stream, $deadline);
        } finally {
            fclose($stream);
        }
    }

    /**
     * A multipart/form-data body (RFC 7578).
     *
     * @param array<string, string> $fields
     * @return array{0: string, 1: string} content type and bytes
     */
    public static function multipart(array $fields, string $fileField, string $fileName, string $fileType, string $bytes): array
    {
        $boundary = 'donna-' . bin2hex(random_bytes(16));
        $body = '';
        foreach ($fields as $name => $value) {
            $body .= "--{$boundary}\r\nContent-Disposition: form-data; name=\"{$name}\"\r\n\r\n{$value}\r\n";
        }
        $body .= "--{$boundary}\r\nContent-Disposition: form-data; name=\"{$fileField}\"; filename=\"{$fileName}\"\r\n"
            . "Content-Type: {$fileType}\r\n\r\n{$bytes}\r\n--{$boundary}--\r\n";

        return ['multipart/form-data; boundary=' . $boundary, $body];
    }

    /** @param resource $stream */
    private function read($stream, float $deadline): HttpAnswer
    {
        [$status, $type, $retryAfter] = self::head((array) (stream_get_meta_data($stream)['wrapper_data'] ?? []));
        if ($status < 200 || $status > 299) {
            throw self::refusal($status, $retryAfter);
        }
        $bytes = '';
        while (!feof($stream)) {
            $left = $deadline - microtime(true);
            if ($left <= 0) {
                throw self::timeout();
            }
            stream_set_timeout($stream, (int) $left, (int) (($left - (int) $left) * 1_000_000));
            $part = fread($stream, 65536);
            if (stream_get_meta_data($stream)['timed_out']) {
                throw self::timeout();
            }
            if ($part === false) {
                throw self::badAnswer();
            }
            $bytes .= $part;
            if (strlen($bytes) > self::MAX_ANSWER_BYTES) {
                throw self::badAnswer();
            }
        }

        return new HttpAnswer($status, $type, $bytes);
    }

    /**
     * @param array<mixed> $lines
     * @return array{int, string, string} the last status in them (100-continue comes before it), content type, Retry-After
     */
    private static function head(array $lines): array
    {
        [$status, $type, $retryAfter] = [0, '', ''];
        foreach ($lines as $line) {
            $line = (string) $line;
            if (preg_match('~^HTTP/[0-9.]+ ([0-9]{3})~', $line, $match) === 1) {
                [$status, $type, $retryAfter] = [(int) $match[1], '', ''];
            } elseif (preg_match('/^content-type:\s*([^;]+)/i', $line, $match) === 1) {
                $type = strtolower(trim($match[1]));
            } elseif (preg_match('/^retry-after:\s*([0-9]{1,4})\s*$/i', $line, $match) === 1) {
                $retryAfter = $match[1];
            }
        }

        return [$status, $type, $retryAfter];
    }

    private function refuseUnsafe(string $url): void
    {
        $parts = parse_url($url);
        $scheme = strtolower((string) ($parts['scheme'] ?? ''));
        $host = (string) ($parts['host'] ?? '');
        $isLoopback = self::isLoopback($host);
        // A key never travels in the clear, and tests never leave the machine.
        if ($host === '' || preg_match('/[\s\x00-\x1F]/', $url) === 1
            || ($scheme !== 'https' && !($scheme === 'http' && $isLoopback))
            || ($this->isLoopbackOnly && !$isLoopback)) {
            throw new ApiException(ErrorCode::UpstreamUnavailable, 'The provider cannot be reached from here.');
        }
    }

    private static function refusal(int $status, string $retryAfter): ApiException
    {
        if ($status === 429 || $status === 503) {
            return new ApiException(ErrorCode::UpstreamUnavailable, 'The provider is busy. Please try again soon.', ['Retry-After' => $retryAfter === '' ? '5' : $retryAfter]);
        }

        return $status === 504 || $status === 408 ? self::timeout() : self::badAnswer();
    }

    private static function timeout(): ApiException
    {
        return new ApiException(ErrorCode::UpstreamTimeout, 'The provider did not answer in time.');
    }

    public static function badAnswer(): ApiException
    {
        return new ApiException(ErrorCode::UpstreamBadAnswer, 'The provider did not give a usable answer.');
    }
}
