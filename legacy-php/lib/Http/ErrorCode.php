<?php

declare(strict_types=1);

namespace Donna\Http;

/** The error catalogue of docs/contract, section 1. */
enum ErrorCode: string
{
    case BadRequest = 'BAD_REQUEST';
    case Unauthenticated = 'UNAUTHENTICATED';
    case Forbidden = 'FORBIDDEN';
    case CsrfFailed = 'CSRF_FAILED';
    case NotFound = 'NOT_FOUND';
    case MethodNotAllowed = 'METHOD_NOT_ALLOWED';
    case Gone = 'GONE';
    case PayloadTooLarge = 'PAYLOAD_TOO_LARGE';
    case UnsupportedMediaType = 'UNSUPPORTED_MEDIA_TYPE';
    case ValidationFailed = 'VALIDATION_FAILED';
    case RateLimited = 'RATE_LIMITED';
    case Internal = 'INTERNAL';
    case UpstreamBadAnswer = 'UPSTREAM_BAD_ANSWER';
    case UpstreamUnavailable = 'UPSTREAM_UNAVAILABLE';
    case UpstreamTimeout = 'UPSTREAM_TIMEOUT';
    case MailNotConfigured = 'MAIL_NOT_CONFIGURED';

    public function status(): int
    {
        return match ($this) {
            self::BadRequest => 400,
            self::Unauthenticated => 401,
            self::Forbidden, self::CsrfFailed => 403,
            self::NotFound => 404,
            self::MethodNotAllowed => 405,
            self::Gone => 410,
            self::PayloadTooLarge => 413,
            self::UnsupportedMediaType => 415,
            self::ValidationFailed => 422,
            self::RateLimited => 429,
            self::Internal => 500,
            self::UpstreamBadAnswer => 502,
            self::UpstreamUnavailable, self::MailNotConfigured => 503,
            self::UpstreamTimeout => 504,
        };
    }
}
