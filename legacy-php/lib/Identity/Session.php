<?php

declare(strict_types=1);

namespace Donna\Identity;

/**
 * PHP's session behind three verbs. The only place that touches $_SESSION.
 *
 * peek() never locks, creates or sends a cookie; change() holds the lock just while it runs.
 */
final class Session
{
    public const COOKIE = 'DONNASESSID';
    private const ABSOLUTE_SECONDS = 7 * 86400;

    private const GC_IN = 100;

    /** @var ?array<string, mixed> */
    private ?array $seen = null;

    /** False until it was looked for. */
    private User|false|null $user = false;

    public function __construct(
        private readonly string $directory,
        private readonly string $cookieId,
        private readonly bool $isSecure,
        private readonly UserDirectory $users,
    ) {}

    /** @return array<string, mixed> what the caller's session holds; [] when there is none */
    public function peek(): array
    {
        if ($this->seen !== null) {
            return $this->seen;
        }
        $bytes = (new SessionFiles($this->directory))->peek($this->cookieId);
        // As session_start() would read it (serialize_handler below), but never an object.
        $data = $bytes === null ? [] : @unserialize($bytes, ['allowed_classes' => false]);

        return $this->seen = !is_array($data) || self::isExpired($data) ? [] : $data;
    }

    /** The user as he is now: a changed role counts at once, a disabled user or a changed password ends the session. */
    public function user(): ?User
    {
        return $this->user === false ? $this->user = $this->find() : $this->user;
    }

    private function find(): ?User
    {
        $data = $this->peek();
        $id = User::fromArray($data['user'] ?? null)?->id;
        if ($id === null) {
            return null;
        }
        $user = $this->users->find($id);

        return $user === null || ($data['credentials'] ?? $user->credentials) !== $user->credentials ? null : $user;
    }

    public function csrfToken(): ?string
    {
        $token = $this->peek()['csrf_token'] ?? null;

        return is_string($token) && $token !== '' ? $token : null;
    }

    public function isCsrfToken(string $given): bool
    {
        $token = $this->csrfToken();

        return $token !== null && hash_equals($token, $given);
    }

    /** The token of this session; a visitor without a session gets one. */
    public function ensureCsrfToken(): string
    {
        $token = $this->csrfToken();
        if ($token === null) {
            $token = self::newToken();
            $this->change(static fn(array $data): array => ['csrf_token' => $token] + $data);
        }

        return $token;
    }

    /** Signs in under a fresh id (no session fixation) and answers the new CSRF token. */
    public function signIn(User $user): string
    {
        $token = self::newToken();
        $this->change(static fn(): array => ['user' => $user->toArray(), 'credentials' => $user->credentials, 'csrf_token' => $token, 'signed_in_at' => time()], isNewId: true);

        return $token;
    }

    public function destroy(): void
    {
        if (!(new SessionFiles($this->directory))->remove($this->cookieId)) {
            return;
        }
        $this->seen = [];
        $this->user = null;
        setcookie(self::COOKIE, '', ['expires' => 1, 'path' => '/', 'secure' => $this->isSecure, 'httponly' => true, 'samesite' => 'Lax']);
    }

    /** @param callable(array<string, mixed>): array<string, mixed> $change */
    private function change(callable $change, bool $isNewId = false): void
    {
        $files = new SessionFiles($this->directory);
        session_set_save_handler($files, false);
        // An expired or unknown id must not be carried on: strict mode then makes a fresh one.
        session_id(SessionFiles::isId($this->cookieId) ? $this->cookieId : '');
        $cookie = ['use_cookies' => 1, 'cookie_lifetime' => 0, 'cookie_path' => '/', 'cookie_secure' => (int) $this->isSecure, 'cookie_httponly' => 1, 'cookie_samesite' => 'Lax'];
        if (!session_start($this->options() + $cookie)) {
            throw new \RuntimeException('The session cannot be started.');
        }
        if ($isNewId) {
            session_regenerate_id(true);
        }
        $_SESSION = $change(self::isExpired($_SESSION) ? [] : $_SESSION);
        $this->seen = $_SESSION;
        $this->user = false;
        if (!session_write_close()) {
            throw new \RuntimeException('The session cannot be written.');
        }
        // Those who begin sessions clear away old ones: a request that reads one does not.
        if (random_int(1, self::GC_IN) === 1) {
            $files->gc(0);
        }
    }

    /** @return array<string, int|string> */
    private function options(): array
    {
        return [
            'name' => self::COOKIE,
            'use_strict_mode' => 1,
            'use_only_cookies' => 1,
            'use_trans_sid' => 0,
            'cache_limiter' => '',
            'lazy_write' => 0,
            'gc_probability' => 0,
            'serialize_handler' => 'php_serialize',
        ];
    }

    /** @param array<string, mixed> $data */
    private static function isExpired(array $data): bool
    {
        return is_int($data['signed_in_at'] ?? null) && $data['signed_in_at'] < time() - self::ABSOLUTE_SECONDS;
    }

    private static function newToken(): string
    {
        return bin2hex(random_bytes(32));
    }
}
