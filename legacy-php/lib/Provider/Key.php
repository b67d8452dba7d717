<?php

declare(strict_types=1);

namespace Donna\Provider;

use Donna\Environment;
use Donna\Http\ApiException;
use Donna\Http\ErrorCode;

/** A provider's key from the environment, or a clear refusal. */
final class Key
{
    public static function of(Environment $env, string $name, string $what): string
    {
        $key = $env->get($name);
        if ($key === '') {
            throw new ApiException(ErrorCode::UpstreamUnavailable, $what . ' is not configured.');
        }

        return $key;
    }

    public static function baseUrl(Environment $env, string $name, string $default): string
    {
        return rtrim($env->get($name, $default), '/');
    }
}
