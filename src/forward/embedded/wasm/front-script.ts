import { join } from 'node:path';

/**
 * The PHP that WebAssembly PHP runs first for every request. It does what `php -S` does around a router script:
 * runs `router.php`, and when that returns false, runs the public `.php` file that the URL names, or says through
 * the header `marker` that the URL names a file to be sent as it is. Nothing of it stays in the global scope.
 */
export function frontScript(root: string, marker: string): string {
  return `<?php
unset($_SERVER['HTTPS'], $_SERVER['argv'], $_SERVER['argc']);
if (!function_exists('getallheaders')) {
    function getallheaders(): array
    {
        $headers = [];
        foreach ($_SERVER as $name => $value) {
            if (str_starts_with($name, 'HTTP_')) {
                $headers[ucwords(strtolower(strtr(substr($name, 5), '_', '-')), '-')] = $value;
            }
        }
        return $headers;
    }
    function apache_request_headers(): array
    {
        return getallheaders();
    }
}
chdir(${phpString(join(root, 'public'))});
if ((require ${phpString(join(root, 'router.php'))}) === false) {
    if (isset($_SERVER['EMBEDDED_PAGE'])) {
        require $_SERVER['EMBEDDED_PAGE'];
    } else {
        header(${phpString(`${marker}: 1`)});
    }
}
`;
}

function phpString(value: string): string {
  return `'${value.replace(/['\\]/g, '\\$&')}'`;
}
