<?php

declare(strict_types=1);

namespace Donna\Tests;

/** Registered tests, in order. */
final class Suite
{
    /** @var array<string, \Closure> */
    public static array $tests = [];
    public static int $assertions = 0;
}

final class Failed extends \Exception {}

function test(string $name, \Closure $body): void
{
    if (isset(Suite::$tests[$name])) {
        throw new \LogicException('Two tests are called: ' . $name);
    }
    Suite::$tests[$name] = $body;
}

function same(mixed $expected, mixed $actual, string $what = ''): void
{
    Suite::$assertions++;
    if ($expected !== $actual) {
        throw new Failed(trim($what . ' expected ' . var_export($expected, true) . ', got ' . substr(var_export($actual, true), 0, 1500)));
    }
}

function truth(bool $is, string $what): void
{
    Suite::$assertions++;
    if (!$is) {
        throw new Failed($what);
    }
}

function contains(string $needle, string $text): void
{
    truth(str_contains($text, $needle), "'{$needle}' is not in: " . substr($text, 0, 600));
}

function lacks(string $needle, string $text): void
{
    truth(!str_contains($text, $needle), "'{$needle}' is in: " . substr($text, 0, 600));
}

/** A fresh directory below the run's own. */
function directory(string $name): string
{
    $path = Workshop::$root . '/' . $name . '-' . bin2hex(random_bytes(4));
    mkdir($path, 0o700, true);

    return $path;
}

function freePort(): int
{
    $server = stream_socket_server('tcp://127.0.0.1:0');
    $name = (string) stream_socket_get_name($server, false);
    fclose($server);

    return (int) substr((string) strrchr($name, ':'), 1);
}

/** The run's directory and child processes. */
final class Workshop
{
    public static string $root = '';

    /** @var list<Child> */
    public static array $children = [];

    public static function clean(): void
    {
        foreach (array_reverse(self::$children) as $child) {
            $child->stop();
        }
        self::$children = [];
        if (self::$root !== '' && is_dir(self::$root)) {
            $files = new \RecursiveIteratorIterator(new \RecursiveDirectoryIterator(self::$root, \FilesystemIterator::SKIP_DOTS), \RecursiveIteratorIterator::CHILD_FIRST);
            foreach ($files as $file) {
                $file->isDir() && !$file->isLink() ? rmdir($file->getPathname()) : unlink($file->getPathname());
            }
            rmdir(self::$root);
        }
    }
}

/** A child process in a group of its own, since the workers of `php -S` outlive a plain kill of their parent. */
final class Child
{
    /** @var resource */
    private $process;

    private int $pid;
    private bool $isGroup;

    /**
     * @param list<string> $command
     * @param array<string, string> $env
     */
    public function __construct(array $command, array $env, public readonly string $log)
    {
        $setsid = is_executable('/usr/bin/setsid') && function_exists('posix_kill') ? '/usr/bin/setsid' : null;
        $this->isGroup = $setsid !== null;
        $process = proc_open(
            $setsid === null ? $command : [$setsid, ...$command],
            [['file', '/dev/null', 'r'], ['file', $log, 'a'], ['file', $log, 'a']],
            $pipes,
            null,
            $env + ['PATH' => (string) getenv('PATH')],
        );
        if ($process === false) {
            throw new \RuntimeException('A child process did not start.');
        }
        $this->process = $process;
        $this->pid = proc_get_status($process)['pid'];
        Workshop::$children[] = $this;
    }

    public function stop(): void
    {
        if (!is_resource($this->process)) {
            return;
        }
        if ($this->isGroup) {
            posix_kill(-$this->pid, 9);
        } else {
            proc_terminate($this->process);
        }
        proc_close($this->process);
    }

    public static function await(int $port): void
    {
        for ($i = 0; $i < 200; $i++) {
            $socket = @stream_socket_client("tcp://127.0.0.1:{$port}", $code, $text, 0.2);
            if ($socket !== false) {
                fclose($socket);

                return;
            }
            usleep(25000);
        }
        throw new \RuntimeException('A server did not come up on port ' . $port);
    }
}

final class Answer
{
    /** @var array<string, list<string>> */
    public array $headers = [];

    public int $status = 0;
    public string $body = '';

    public function __construct(string $bytes)
    {
        [$head, $this->body] = explode("\r\n\r\n", $bytes . "\r\n\r\n", 2);
        $this->body = substr($this->body, 0, max(0, strlen($this->body) - 4));
        $lines = explode("\r\n", $head);
        $this->status = (int) substr($lines[0], 9, 3);
        foreach (array_slice($lines, 1) as $line) {
            [$name, $value] = explode(':', $line, 2) + [1 => ''];
            $this->headers[strtolower($name)][] = trim($value);
        }
        if (in_array('chunked', $this->headers['transfer-encoding'] ?? [], true)) {
            $plain = '';
            $rest = $this->body;
            while (preg_match('/^([0-9a-f]+)\r\n/i', $rest, $m) === 1 && hexdec($m[1]) > 0) {
                $plain .= substr($rest, strlen($m[0]), (int) hexdec($m[1]));
                $rest = substr($rest, strlen($m[0]) + (int) hexdec($m[1]) + 2);
            }
            $this->body = $plain;
        }
    }

    public function header(string $name): string
    {
        return $this->headers[strtolower($name)][0] ?? '';
    }

    /** @return array<string, mixed> */
    public function json(): array
    {
        $value = json_decode($this->body, true);
        truth(is_array($value), 'not JSON: ' . substr($this->body, 0, 400));

        return $value;
    }

    public function cookie(string $name): ?string
    {
        foreach ($this->headers['set-cookie'] ?? [] as $line) {
            if (str_starts_with($line, $name . '=')) {
                return $line;
            }
        }

        return null;
    }
}

/** The application under `php -S`, in an environment of its own. */
final class App
{
    public readonly int $port;
    public readonly string $data;
    public readonly string $log;
    private Child $child;

    /**
     * @param array<string, string> $env
     * @param list<string> $php options of the interpreter
     */
    public function __construct(array $env = [], string $router = __DIR__ . '/../../router.php', int $workers = 4, array $php = ['-c', __DIR__ . '/../../php.ini'])
    {
        $this->port = freePort();
        $this->data = $env['DONNA_DATA_DIR'] ?? directory('data');
        $this->log = Workshop::$root . '/server-' . $this->port . '.log';
        $this->child = new Child(
            [PHP_BINARY, ...$php, '-S', '127.0.0.1:' . $this->port, '-t', __DIR__ . '/../../public', $router],
            $env + [
                'DONNA_DATA_DIR' => $this->data,
                'DONNA_LOOPBACK_ONLY' => '1',
                'ENABLE_PHP_RATE_LIMITING' => 'false',
                'GATEWAY_IDENTITY_SECRET' => Gateway::SECRET,
                'PHP_CLI_SERVER_WORKERS' => (string) $workers,
                'NODE_ENV' => 'test',
            ],
            $this->log,
        );
        Child::await($this->port);
    }

    public function stop(): void
    {
        $this->child->stop();
    }

    /** @param array<string, string> $headers */
    public function send(string $method, string $target, array $headers = [], string $body = ''): Answer
    {
        return new Answer(self::finish($this->open($method, $target, $headers, $body)));
    }

    /**
     * All requests are on their way before the first answer is read.
     *
     * @param list<array{string, string, 2?: array<string, string>, 3?: string}> $requests
     * @return list<Answer>
     */
    public function together(array $requests): array
    {
        $sockets = array_map(fn(array $r) => $this->open($r[0], $r[1], $r[2] ?? [], $r[3] ?? ''), $requests);

        return array_map(static fn($socket): Answer => new Answer(self::finish($socket)), $sockets);
    }

    /**
     * @param array<string, string> $headers
     * @return resource
     */
    public function open(string $method, string $target, array $headers = [], string $body = '')
    {
        $socket = stream_socket_client('tcp://127.0.0.1:' . $this->port, $code, $text, 5);
        truth($socket !== false, 'the server cannot be reached');
        $headers += ['Host' => 'donna.test', 'Connection' => 'close'];
        if ($body !== '' || in_array($method, ['POST', 'PUT'], true)) {
            $headers += ['Content-Length' => (string) strlen($body)];
        }
        $bytes = "{$method} {$target} HTTP/1.1\r\n";
        foreach ($headers as $name => $value) {
            $bytes .= "{$name}: {$value}\r\n";
        }
        $bytes .= "\r\n" . $body;
        stream_set_timeout($socket, 20);
        while ($bytes !== '') {
            $written = @fwrite($socket, $bytes);
            if ($written === false || $written === 0) {
                break;
            }
            $bytes = substr($bytes, $written);
        }

        return $socket;
    }

    /** @param resource $socket */
    private static function finish($socket): string
    {
        $bytes = stream_get_contents($socket);
        fclose($socket);

        return (string) $bytes;
    }

    public function browser(): Browser
    {
        return new Browser($this);
    }
}

/** A client with a cookie jar, a CSRF token and JSON manners. */
final class Browser
{
    /** @var array<string, string> */
    public array $cookies = [];

    public string $csrf = '';

    public function __construct(private readonly App $app) {}

    /** @param array<string, string> $headers */
    public function send(string $method, string $target, array $headers = [], string $body = ''): Answer
    {
        $answer = $this->app->send($method, $target, $headers + $this->headers($method), $body);
        foreach ($answer->headers['set-cookie'] ?? [] as $line) {
            [$name, $value] = explode('=', explode(';', $line)[0], 2);
            $this->cookies[$name] = $value;
        }
        if (preg_match('/name="csrf-token" content="([^"]+)"/', $answer->body, $m) === 1) {
            $this->csrf = $m[1];
        }

        return $answer;
    }

    /** @return array<string, string> */
    public function headers(string $method): array
    {
        $headers = [];
        if ($this->cookies !== []) {
            $headers['Cookie'] = implode('; ', array_map(static fn(string $n, string $v): string => $n . '=' . $v, array_keys($this->cookies), $this->cookies));
        }
        if ($method !== 'GET' && $this->csrf !== '') {
            $headers['X-CSRF-Token'] = $this->csrf;
        }

        return $headers;
    }

    public function get(string $target): Answer
    {
        return $this->send('GET', $target);
    }

    /** @param array<string, mixed>|\stdClass $body */
    public function json(string $method, string $target, array|\stdClass $body): Answer
    {
        return $this->send($method, $target, ['Content-Type' => 'application/json'], (string) json_encode($body));
    }

    /**
     * @param array<string, string> $fields
     * @param array{string, string, string} $file field, file name and type, bytes
     */
    public function upload(string $target, array $fields, array $file): Answer
    {
        [$type, $body] = \Donna\Provider\HttpClient::multipart($fields, $file[0], $file[1], 'audio/whatever', $file[2]);

        return $this->send('POST', $target, ['Content-Type' => $type], $body);
    }

    public function signIn(string $email = 'demo@donna.example', string $password = 'donna-demo'): self
    {
        $this->get('/login.php');
        $answer = $this->json('POST', '/api/auth/login.php', ['email' => $email, 'password' => $password]);
        same(200, $answer->status, $answer->body);
        $this->csrf = $answer->json()['data']['csrf_token'];

        return $this;
    }
}

/** Signs as the gateway does. */
final class Gateway
{
    public const SECRET = 'a-secret-for-tests-of-at-least-32-bytes';

    /**
     * @param array<string, mixed> $claims over the usual ones; a null removes one
     * @param array<string, mixed> $header
     */
    public static function token(string $method, string $path, array $claims = [], array $header = [], string $secret = self::SECRET): string
    {
        $claims += ['iss' => 'donna-gateway', 'via' => 'anonymous', 'roles' => [], 'htm' => $method, 'htu' => $path, 'iat' => time(), 'exp' => time() + 60];
        $parts = self::encode((string) json_encode($header + ['alg' => 'HS256', 'typ' => 'gateway-identity+jwt']))
            . '.' . self::encode((string) json_encode(array_filter($claims, static fn(mixed $v): bool => $v !== null)));

        return $parts . '.' . self::encode(hash_hmac('sha256', $parts, $secret, true));
    }

    /**
     * @param array<string, mixed> $claims
     * @return array<string, string>
     */
    public static function headers(string $method, string $path, array $claims = []): array
    {
        return ['X-Gateway-Identity' => self::token($method, $path, $claims)];
    }

    public static function encode(string $bytes): string
    {
        return rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
    }
}

/** Servers that many tests share; each starts when first asked for. */
final class Shared
{
    private static ?App $app = null;
    private static ?int $providerPort = null;

    /** The application with its providers at the stand-in, and no mail. */
    public static function app(): App
    {
        return self::$app ??= new App(self::providers() + ['PROVIDER_TIMEOUT_S' => '2', 'TELNYX_PUBLIC_KEY' => self::telnyxPublicKey(), 'DONNA_TEST_FIXTURES' => '1']);
    }

    /** @return array<string, string> */
    public static function providers(): array
    {
        if (self::$providerPort === null) {
            self::$providerPort = freePort();
            new Child(
                [PHP_BINARY, '-S', '127.0.0.1:' . self::$providerPort, __DIR__ . '/provider.php'],
                ['PHP_CLI_SERVER_WORKERS' => '6'],
                Workshop::$root . '/provider.log',
            );
            Child::await(self::$providerPort);
        }
        $base = 'http://127.0.0.1:' . self::$providerPort;

        return [
            'OPENAI_BASE_URL' => $base . '/openai/v1', 'OPENAI_API_KEY' => 'test-key',
            'ELEVENLABS_BASE_URL' => $base . '/elevenlabs/v1', 'ELEVENLABS_API_KEY' => 'test-key',
            'TELNYX_BASE_URL' => $base . '/telnyx/v2', 'TELNYX_API_KEY' => 'test-key',
        ];
    }

    public static function telnyxPublicKey(): string
    {
        return function_exists('sodium_crypto_sign_seed_keypair') ? base64_encode(sodium_crypto_sign_publickey(self::telnyxKeys())) : base64_encode(str_repeat('k', 32));
    }

    public static function telnyxKeys(): string
    {
        return sodium_crypto_sign_seed_keypair(str_repeat('s', 32));
    }
}
