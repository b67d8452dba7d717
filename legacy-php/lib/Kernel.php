<?php

declare(strict_types=1);

namespace Donna;

use Donna\Http\ApiException;
use Donna\Http\ApiResponder;
use Donna\Http\ErrorCode;
use Donna\Http\Request;
use Donna\Http\Response;
use Donna\Http\SecurityHeaders;
use Donna\Http\TraceId;
use Donna\Identity\Access;
use Donna\Page\ErrorPage;
use Donna\Validation\Input;

/**
 * The way of every request: errors caught → trace → CORS → gateway's identity → rate limit → method → who calls → CSRF
 * → body → action → answer. The one place where exceptions (and fatal errors) become answers.
 */
final class Kernel
{
    private const FATAL = E_ERROR | E_PARSE | E_CORE_ERROR | E_COMPILE_ERROR | E_USER_ERROR | E_RECOVERABLE_ERROR;

    private bool $isSent = false;

    /** Freed in the shutdown handler, so that it can still work when memory has run out. */
    private string $reserve;

    private function __construct(private readonly App $app, private readonly bool $isPage)
    {
        $this->reserve = str_repeat("\0", 65536);
    }

    /**
     * Serves an API script.
     *
     * @param array<string, \Closure|array<string, \Closure>> $table method → factory of its action, or method → `action` →
     *        factory, where '' is what an absent `action` means
     */
    public static function api(
        array $table,
        Access $access = Access::User,
        int $maxBodyBytes = 262144,
        bool $isLimited = true,
        bool $needsCsrf = false,
        bool $hasRawBody = false,
    ): void {
        $kernel = self::start(false);
        $kernel->guard(function () use ($kernel, $table, $access, $maxBodyBytes, $isLimited, $needsCsrf, $hasRawBody): Response {
            return $kernel->answerApi($table, $access, $maxBodyBytes, $isLimited, $needsCsrf, $hasRawBody);
        });
    }

    /**
     * Serves a page.
     *
     * @param array<string, \Closure(App): callable(): Response> $table method → factory of what renders the answer
     */
    public static function page(array $table, bool $needsCsrf = false): void
    {
        $kernel = self::start(true);
        $kernel->guard(function () use ($kernel, $table, $needsCsrf): Response {
            $app = $kernel->app;
            $app->refuseOutsiders();
            $app->refuseTooMany();
            $table += isset($table['GET']) ? ['HEAD' => $table['GET']] : [];
            $factory = $table[$app->request->method] ?? throw ApiException::method(array_keys($table));
            if ($needsCsrf && !$app->request->isRead()) {
                $app->refuseWithoutCsrf($app->request->fields(65536));
            }

            return $factory($app)();
        });
    }

    private static function start(bool $isPage): self
    {
        ini_set('display_errors', '0');
        ini_set('html_errors', '0');
        // What dies is logged here, without the texts and arguments that PHP's own line would quote.
        ini_set('log_errors', '0');
        ini_set('zend.exception_ignore_args', '1');
        error_reporting(E_ALL);
        ob_start();
        $request = Request::fromGlobals();
        $env = new Environment($_SERVER);
        $traceId = TraceId::of($request);
        $kernel = new self(new App($env, $request, $traceId, Logger::fromEnvironment($env, $traceId)), $isPage);
        set_error_handler(static function (int $level, string $message, string $file, int $line): bool {
            if ((error_reporting() & $level) === 0) {
                return true;
            }
            throw new \ErrorException($message, 0, $level, $file, $line);
        });
        register_shutdown_function($kernel->shutDown(...));

        return $kernel;
    }

    /** @param \Closure(): Response $answer */
    private function guard(\Closure $answer): void
    {
        try {
            $response = $answer();
        } catch (\Throwable $e) {
            $response = $this->answerFor($e);
        }
        $this->send($response);
    }

    private function answerFor(\Throwable $e): Response
    {
        $refusal = $e instanceof ApiException ? $e : new ApiException(ErrorCode::Internal, 'Something went wrong here.', previous: $e);
        if ($refusal->errorCode->status() >= 500) {
            $cause = $refusal->getPrevious() ?? $refusal;
            $this->app->logger->log('error', 'request.failed', [
                'errorCode' => $refusal->errorCode->value,
            ] + $this->app->logger->describe($cause));
        }

        return $this->isPage
            ? ErrorPage::render($refusal, $this->app->traceId)
            : $this->app->respond->fromException($refusal);
    }

    /** @param array<string, \Closure|array<string, \Closure>> $table */
    private function answerApi(array $table, Access $access, int $maxBodyBytes, bool $isLimited, bool $needsCsrf, bool $hasRawBody): Response
    {
        $app = $this->app;
        $request = $app->request;
        $app->refuseOutsiders();
        if ($isLimited) {
            $app->refuseTooMany();
        }
        if (isset($table['*'])) {
            return $table['*']($app)(new Call($request, new Input([]), static fn() => null, $app->assertion(), $app->respond, 0));
        }
        $table += isset($table['GET']) ? ['HEAD' => $table['GET']] : [];
        $methods = [...array_keys($table), 'OPTIONS'];
        if ($request->method === 'OPTIONS') {
            return $app->cors()->preflight($request, $methods);
        }
        $factory = $table[$request->method] ?? throw ApiException::method($methods);
        $app->require($access);
        $request->refuseDeclaredAbove($maxBodyBytes);
        $fields = $request->isRead() || $hasRawBody ? [] : $request->fields($maxBodyBytes);
        if (!$request->isRead() && ($needsCsrf || $app->isCookieBorne())) {
            $app->refuseWithoutCsrf($fields);
        }
        if (is_array($factory)) {
            $factory = self::select($table, $request, $fields);
        }
        // A write is what its body says; only DELETE, whose body many clients cannot send, may be told by the query.
        $input = new Input($request->isRead() || $request->method === 'DELETE' ? $fields + $request->query : $fields);

        return $factory($app)(new Call($request, $input, $app->user(...), $app->assertion(), $app->respond, $maxBodyBytes));
    }

    /**
     * Picks by `action`. Query and body must not tell two different stories: whoever checked the one must not be
     * fooled by the other.
     *
     * @param array<string, \Closure|array<string, \Closure>> $table
     * @param array<string, mixed> $fields
     */
    private static function select(array $table, Request $request, array $fields): \Closure
    {
        $inQuery = $request->query['action'] ?? null;
        $inBody = $fields['action'] ?? null;
        if ($inQuery !== null && $inBody !== null && $inQuery !== $inBody) {
            throw ApiException::validation(['action' => 'is given twice, and differently']);
        }
        $action = $inBody ?? $inQuery ?? '';
        if ($action === '' && $request->mediaType() === 'multipart/form-data' && isset($request->files['audio'])) {
            $action = 'upload_audio';
        }
        $choices = (array) $table[$request->method];
        if (is_string($action) && isset($choices[$action])) {
            return $choices[$action];
        }
        if ($action === '') {
            throw ApiException::validation(['action' => 'is required']);
        }
        $elsewhere = [];
        foreach ($table as $method => $actions) {
            if (is_string($action) && is_array($actions) && isset($actions[$action])) {
                $elsewhere[] = $method;
            }
        }
        if ($elsewhere !== []) {
            throw ApiException::method($elsewhere);
        }
        $known = array_filter(array_keys($choices), static fn(string $name): bool => $name !== '');

        throw ApiException::validation(['action' => 'must be one of ' . implode(', ', $known)]);
    }

    private function send(Response $response): void
    {
        if ($this->isSent) {
            return;
        }
        $this->isSent = true;
        $app = $this->app;
        $headers = ['X-Trace-Id' => $app->traceId];
        if ($app->env->flag('ENABLE_PHP_SECURITY_HEADERS', true)) {
            $headers += $this->isPage ? SecurityHeaders::forPage() : SecurityHeaders::forApi();
        }
        if (!$this->isPage) {
            $headers += $app->cors()->headers($app->request);
        }
        $response = $response->with($headers);
        while (ob_get_level() > 0) {
            ob_end_clean();
        }
        if (headers_sent()) {
            return;
        }
        http_response_code($response->status);
        header_remove('X-Powered-By');
        foreach ($response->headers as $name => $value) {
            header($name . ': ' . strtr($value, ["\r" => '', "\n" => '', "\0" => '']));
        }
        if ($response->status === 204) {
            header_remove('Content-Type');

            return;
        }
        if (!in_array(strtolower((string) ini_get('zlib.output_compression')), ['1', 'on', 'yes', 'true'], true) && (int) ini_get('zlib.output_compression') < 2) {
            header('Content-Length: ' . strlen($response->body));
        }
        if ($app->request->method !== 'HEAD') {
            echo $response->body;
        }
    }

    /** Fatal errors end a script without an exception; here they get the same answer as one. */
    private function shutDown(): void
    {
        $this->reserve = '';
        $error = error_get_last();
        if ($error === null || ($error['type'] & self::FATAL) === 0) {
            return;
        }
        $fatal = new \ErrorException($error['message'], 0, $error['type'], $error['file'], $error['line']);
        if ($this->isSent) {
            $this->app->logger->log('error', 'request.failed-late', $this->app->logger->describe($fatal));

            return;
        }
        $this->send($this->answerFor($fatal));
    }
}
