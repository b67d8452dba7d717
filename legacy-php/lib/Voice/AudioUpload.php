<?php

declare(strict_types=1);

namespace Donna\Voice;

use Donna\Call;
use Donna\Http\ApiException;
use Donna\Http\ErrorCode;

/** An audio file from a multipart field or from base64 text, recognised by its bytes and not by what the client calls it. */
final class AudioUpload
{
    public const MAX_BYTES = 10 * 1024 * 1024;

    private function __construct(public readonly string $bytes, public readonly string $type, public readonly string $extension) {}

    /** @throws ApiException VALIDATION_FAILED, PAYLOAD_TOO_LARGE or UNSUPPORTED_MEDIA_TYPE */
    public static function fromFile(Call $call, string $field): self
    {
        $file = $call->request->files[$field] ?? null;
        if (!is_array($file) || is_array($file['error'] ?? null) || ($file['error'] ?? UPLOAD_ERR_NO_FILE) === UPLOAD_ERR_NO_FILE) {
            throw ApiException::validation([$field => 'is required: one audio file']);
        }
        if (in_array($file['error'], [UPLOAD_ERR_INI_SIZE, UPLOAD_ERR_FORM_SIZE], true) || (int) $file['size'] > self::MAX_BYTES) {
            throw self::tooLarge();
        }
        if ($file['error'] !== UPLOAD_ERR_OK || !is_uploaded_file((string) $file['tmp_name'])) {
            throw ApiException::validation([$field => 'did not arrive whole']);
        }

        $bytes = (string) file_get_contents((string) $file['tmp_name'], false, null, 0, self::MAX_BYTES + 1);
        // Not only when the request ends: that may be half a minute later, or never if the process is killed meanwhile.
        @unlink((string) $file['tmp_name']);

        return self::of($bytes, $field);
    }

    public static function fromBase64(string $text, string $field): self
    {
        if (strlen($text) > intdiv(self::MAX_BYTES, 3) * 4 + 64) {
            throw self::tooLarge();
        }
        if (preg_match('~^data:audio/[a-z0-9.+-]+(?:;[a-z0-9=.-]+)*;base64,~i', $text, $match) === 1) {
            $text = substr($text, strlen($match[0]));
        }
        $bytes = base64_decode($text, true);
        if ($bytes === false) {
            throw ApiException::validation([$field => 'must be base64']);
        }

        return self::of($bytes, $field);
    }

    /** @return ?array{string, string} media type and file extension */
    public static function recognise(string $bytes): ?array
    {
        return match (true) {
            str_starts_with($bytes, 'RIFF') && substr($bytes, 8, 4) === 'WAVE' => ['audio/wav', 'wav'],
            str_starts_with($bytes, 'ID3') => ['audio/mpeg', 'mp3'],
            self::isMpegFrame($bytes) => ['audio/mpeg', 'mp3'],
            strlen($bytes) > 2 && $bytes[0] === "\xFF" && (ord($bytes[1]) & 0xF6) === 0xF0 => ['audio/aac', 'aac'],
            str_starts_with($bytes, 'OggS') => ['audio/ogg', 'ogg'],
            str_starts_with($bytes, "\x1A\x45\xDF\xA3") => ['audio/webm', 'webm'],
            str_starts_with($bytes, 'fLaC') => ['audio/flac', 'flac'],
            substr($bytes, 4, 4) === 'ftyp' => ['audio/mp4', 'm4a'],
            default => null,
        };
    }

    /** Frame sync of eleven ones (ISO/IEC 11172-3), then layer I to III, and neither a reserved version, bit rate nor sample rate. */
    private static function isMpegFrame(string $bytes): bool
    {
        if (strlen($bytes) < 4 || $bytes[0] !== "\xFF") {
            return false;
        }
        [$second, $third] = [ord($bytes[1]), ord($bytes[2])];

        return ($second & 0xE0) === 0xE0 && ($second & 0x18) !== 0x08 && ($second & 0x06) !== 0
            && ($third & 0xF0) !== 0xF0 && ($third & 0xF0) !== 0 && ($third & 0x0C) !== 0x0C;
    }

    /** Length in seconds: from a WAV header, else as if 128 kbit/s, which is what the voice provider sends. */
    public static function seconds(string $bytes): float
    {
        if (str_starts_with($bytes, 'RIFF') && strlen($bytes) >= 44) {
            $rate = (array) unpack('V', $bytes, 28);

            return round((strlen($bytes) - 44) / max(1, (int) $rate[1]), 2);
        }

        return round(strlen($bytes) * 8 / 128000, 2);
    }

    private static function of(string $bytes, string $field): self
    {
        if ($bytes === '') {
            throw ApiException::validation([$field => 'is empty']);
        }
        if (strlen($bytes) > self::MAX_BYTES) {
            throw self::tooLarge();
        }
        [$type, $extension] = self::recognise($bytes) ?? throw new ApiException(ErrorCode::UnsupportedMediaType, 'Only audio files are taken: wav, mp3, ogg, webm, m4a, flac or aac.');

        return new self($bytes, $type, $extension);
    }

    private static function tooLarge(): ApiException
    {
        return new ApiException(ErrorCode::PayloadTooLarge, 'The audio is larger than 10 MB.');
    }
}
