<?php

declare(strict_types=1);

namespace Donna\Page;

use Donna\Http\Response;
use Donna\Identity\User;

/** The frame around every page. No inline script, style or event attribute: the pages live under a strict policy. */
final class Html
{
    private const LINKS = ['.' => 'Board', 'receptionist.php' => 'Receptionist', 'chatbot.php' => 'Chatbot'];

    public static function e(string $text): string
    {
        return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE | ENT_HTML5, 'UTF-8');
    }

    public static function page(string $title, string $main, ?User $user, string $csrf, string $here = '', string $script = '', int $status = 200): Response
    {
        $title = self::e($title);
        $token = self::e($csrf);
        $meta = $csrf === '' ? '' : "\n  <meta name=\"csrf-token\" content=\"{$token}\">";
        $module = $script === '' ? '' : "\n  <script type=\"module\" src=\"assets/{$script}\"></script>";
        $head = $user === null ? '' : self::navigation($user, $token, $here);

        return Response::html($status, <<<HTML
            <!doctype html>
            <html lang="en">
            <head>
              <meta charset="utf-8">
              <meta name="viewport" content="width=device-width, initial-scale=1">
              <meta name="color-scheme" content="light dark">{$meta}
              <title>{$title} · Donna</title>
              <link rel="icon" href="assets/donna.svg" type="image/svg+xml">
              <link rel="stylesheet" href="assets/donna.css">{$module}
            </head>
            <body>
              <a class="skip" href="#main">Skip to content</a>
            {$head}
              <main id="main" tabindex="-1">
            {$main}
              </main>
              <div id="notice" class="notice" role="status" aria-live="polite" hidden></div>
            </body>
            </html>

            HTML);
    }

    private static function navigation(User $user, string $token, string $here): string
    {
        $links = '';
        foreach (self::LINKS as $href => $label) {
            $current = $label === $here ? ' aria-current="page"' : '';
            $links .= "<a href=\"{$href}\"{$current}>{$label}</a>";
        }
        $name = self::e($user->name === '' ? $user->email : $user->name);

        return <<<HTML
              <header class="top">
                <a class="brand" href="."><img src="assets/donna.svg" alt="" width="28" height="28"> Donna</a>
                <nav aria-label="Main">{$links}</nav>
                <form class="who" method="post" action="logout.php">
                  <input type="hidden" name="csrf_token" value="{$token}">
                  <span>{$name}</span>
                  <button class="quiet" type="submit">Sign out</button>
                </form>
              </header>
            HTML;
    }
}
