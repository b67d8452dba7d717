<?php

declare(strict_types=1);

/**
 * Router script: php -S 127.0.0.1:8080 -t legacy-php/public legacy-php/router.php
 *
 * Pages and assets from public/, /api/… from api/, nothing else. It answers files by itself, so that it does the same
 * where there is no built-in server to fall back to (PHP in WebAssembly). Paths are read as nginx reads them: decoded
 * once, doubled slashes merged, dot segments resolved.
 */
unset($GLOBALS['donnaScript']);
(static function (): void {
    // Leaves the script to run in $GLOBALS['donnaScript'], for the require at global scope below.
    $plain = static function (int $status, string $text): void {
        http_response_code($status);
        header('Content-Type: text/plain; charset=utf-8');
        header('X-Content-Type-Options: nosniff');
        header_remove('X-Powered-By');
        echo $text . "\n";
    };
    $raw = explode('?', (string) preg_replace('~^https?://[^/?#]*~i', '', (string) ($_SERVER['REQUEST_URI'] ?? '/')), 2)[0];
    $path = rawurldecode($raw);
    if (preg_match('/%(?![0-9A-Fa-f]{2})/', $raw) === 1 || str_contains($path, "\0")) {
        $plain(400, 'Bad request');

        return;
    }
    $segments = [];
    foreach (explode('/', $path) as $segment) {
        if ($segment === '..' && array_pop($segments) === null) {
            $plain(400, 'Bad request');

            return;
        }
        if ($segment !== '' && $segment !== '.' && $segment !== '..') {
            $segments[] = $segment;
        }
    }
    $roots = ['api' => __DIR__ . '/api'];
    if (getenv('DONNA_TEST_FIXTURES') === '1' || ($_SERVER['DONNA_TEST_FIXTURES'] ?? '') === '1') {
        $roots['__fixtures'] = __DIR__ . '/tests/fixtures/public';
    }
    $prefix = $segments[0] ?? '';
    $isPublic = !isset($roots[$prefix]);
    $root = $isPublic ? __DIR__ . '/public' : $roots[$prefix];
    $rest = $isPublic ? $segments : array_slice($segments, 1);
    if ($segments === []) {
        $rest = ['index.php'];
    }
    // The script is the first segment that ends in .php and is a file; what follows it is PATH_INFO.
    $file = $root;
    foreach ($rest as $i => $segment) {
        if ($segment[0] === '.' || str_contains($segment, '\\')) {
            break;
        }
        $file .= '/' . $segment;
        if (str_ends_with($segment, '.php') && is_file($file)) {
            $info = array_slice($rest, $i + 1);
            $name = ($isPublic ? '/' : '/' . $prefix . '/') . implode('/', array_slice($rest, 0, $i + 1));
            $_SERVER['SCRIPT_NAME'] = $name;
            $_SERVER['SCRIPT_FILENAME'] = $file;
            unset($_SERVER['PATH_INFO']);
            if ($info !== []) {
                $_SERVER['PATH_INFO'] = '/' . implode('/', $info) . (str_ends_with($path, '/') ? '/' : '');
            } elseif ($segments !== [] && str_ends_with($path, '/')) {
                $_SERVER['PATH_INFO'] = '/';
            }
            $_SERVER['PHP_SELF'] = $name . ($_SERVER['PATH_INFO'] ?? '');
            $GLOBALS['donnaScript'] = $file;

            return;
        }
        if (!is_dir($file)) {
            break;
        }
    }
    $types = [
        'css' => 'text/css; charset=utf-8', 'js' => 'text/javascript; charset=utf-8', 'svg' => 'image/svg+xml',
        'png' => 'image/png', 'ico' => 'image/x-icon', 'webp' => 'image/webp', 'woff2' => 'font/woff2', 'txt' => 'text/plain; charset=utf-8',
    ];
    $file = $root . '/' . implode('/', $rest);
    $type = $types[strtolower(pathinfo($file, PATHINFO_EXTENSION))] ?? null;
    $isHidden = array_filter($rest, static fn(string $s): bool => $s[0] === '.' || str_contains($s, '\\')) !== [];
    if (!$isPublic || $type === null || $isHidden || !is_file($file) || str_ends_with($path, '/')) {
        $plain(404, 'Not found');

        return;
    }
    $method = $_SERVER['REQUEST_METHOD'] ?? 'GET';
    if ($method !== 'GET' && $method !== 'HEAD') {
        header('Allow: GET, HEAD');
        $plain(405, 'Method not allowed');

        return;
    }
    $tag = sprintf('"%x-%x"', (int) filemtime($file), (int) filesize($file));
    header_remove('X-Powered-By');
    header('ETag: ' . $tag);
    header('Cache-Control: public, max-age=300');
    header('X-Content-Type-Options: nosniff');
    if (trim((string) ($_SERVER['HTTP_IF_NONE_MATCH'] ?? '')) === $tag) {
        http_response_code(304);

        return;
    }
    header('Content-Type: ' . $type);
    header('Content-Length: ' . filesize($file));
    if ($method === 'GET') {
        readfile($file);
    }
})();

if (isset($GLOBALS['donnaScript'])) {
    require $GLOBALS['donnaScript'];
}

return true;
