<?php

declare(strict_types=1);

namespace Donna\Page;

use Donna\App;
use Donna\Http\Response;
use Donna\Identity\User;

/** Whoever opens a page for signed-in people is signed in, or is shown the way. */
final class Visitor
{
    /** @param \Closure(User, string): Response $render */
    public static function signedIn(App $app, \Closure $render): Response
    {
        $user = $app->user();
        if ($user === null) {
            $path = $app->request->path();
            $query = http_build_query($app->request->query);
            $next = self::safePath($path . ($query === '' ? '' : '?' . $query));

            return Response::seeOther('/login.php' . ($next === '/' ? '' : '?next=' . rawurlencode($next)));
        }

        return $render($user, $app->session()->ensureCsrfToken());
    }

    /** A path of this site, or "/": never another origin (`//host`, `/\host`), never a header. */
    public static function safePath(mixed $next): string
    {
        return is_string($next) && preg_match('~^/(?![/\\\\])[A-Za-z0-9._\~!$&\'()*+,;=:@%/?-]{0,500}$~D', $next) === 1
            && preg_match('~%(?:0[0-9a-f]|1[0-9a-f]|7f|5c)~i', $next) !== 1 ? $next : '/';
    }
}
