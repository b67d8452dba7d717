<?php

declare(strict_types=1);

namespace Donna\Tests;

/** The application with its file operations counted (count-files.php): limits on as shipped, users and boards in files, one user signed in. */
final class CountedApp
{
    public readonly App $app;
    public readonly Browser $browser;
    private readonly string $file;

    /** @param array<string, string> $env */
    public function __construct(array $env = [])
    {
        $this->file = Workshop::$root . '/counts-' . bin2hex(random_bytes(4));
        $data = directory('counted');
        $hash = '$2y$04$.Ah/7SiRD3dkG5AHkr010O0s27loZ/B.QIQ4Liz1MWRnZ/PN9u8n6';
        $eve = ['id' => 'eve', 'email' => 'eve@donna.example', 'name' => 'Eve', 'roles' => ['user', 'admin'], 'password_hash' => $hash];
        file_put_contents($data . '/users.json', (string) json_encode([$eve]));
        $this->app = new App(
            $env + Shared::providers() + [
                'DONNA_DATA_DIR' => $data, 'DONNA_COUNT_FILE' => $this->file, 'TELNYX_PUBLIC_KEY' => Shared::telnyxPublicKey(),
                'ENABLE_PHP_RATE_LIMITING' => 'true', 'PHP_RATE_LIMIT' => '100000', 'PHP_LOGIN_RATE_LIMIT' => '1000', 'NODE_ENV' => 'production',
            ],
            router: __DIR__ . '/counting-router.php',
            workers: 1,
        );
        $this->browser = $this->app->browser()->signIn('eve@donna.example', 'correct horse battery');
    }

    /** What the last request has done. @return array{operations: array<string, array<string, int>>, paths: array<string, array<string, int>>, peak: int, target: string} */
    public function last(): array
    {
        $lines = file($this->file, FILE_IGNORE_NEW_LINES) ?: [];

        return json_decode((string) end($lines), true);
    }

    /** Operations in the data directory. */
    public function total(): int
    {
        return array_sum($this->last()['operations']['data']);
    }

    /** Signed by the gateway for the user, in place of the cookie. @param array<string, mixed>|null $body */
    public function asGateway(string $method, string $target, ?array $body = null): Answer
    {
        $path = explode('?', $target)[0];
        $headers = Gateway::headers($method, $path, ['via' => 'php-session', 'sub' => 'eve', 'email' => 'eve@donna.example', 'name' => 'Eve', 'roles' => ['user', 'admin']]);

        return $this->app->send($method, $target, $headers + ['Cookie' => 'DONNASESSID=' . $this->browser->cookies['DONNASESSID'], 'Content-Type' => 'application/json'], $body === null ? '' : (string) json_encode($body));
    }

    public function stop(): void
    {
        $this->app->stop();
    }
}
