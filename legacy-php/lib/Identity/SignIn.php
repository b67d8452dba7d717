<?php

declare(strict_types=1);

namespace Donna\Identity;

use Donna\Http\ApiException;
use Donna\Http\ErrorCode;
use Donna\Http\RateLimiter;
use Donna\Logger;

/** One sign-in attempt, for the API and the page alike. */
final class SignIn
{
    public function __construct(
        private readonly UserDirectory $users,
        private readonly Session $session,
        private readonly ?RateLimiter $limiter,
        private readonly int $limit,
        private readonly string $address,
        private readonly Logger $logger,
    ) {}

    /**
     * Signs in: the caller's session is the user's from now on.
     *
     * @throws ApiException RATE_LIMITED or UNAUTHENTICATED
     */
    public function attempt(string $email, #[\SensitiveParameter] string $password): User
    {
        $user = $this->check($email, $password);
        $this->session->signIn($user);

        return $user;
    }

    /**
     * The same without a session.
     *
     * @throws ApiException RATE_LIMITED or UNAUTHENTICATED
     */
    public function check(string $email, #[\SensitiveParameter] string $password): User
    {
        $key = 'login:' . strtolower(trim($email)) . '|' . $this->address;
        $wait = $this->limiter?->hit($key, $this->limit, 60, time()) ?? 0;
        if ($wait > 0) {
            throw new ApiException(ErrorCode::RateLimited, 'Too many attempts. Please wait a moment.', ['Retry-After' => (string) $wait]);
        }
        $user = $this->users->verify($email, $password);
        if ($user === null) {
            $this->logger->log('warn', 'sign-in.refused');

            throw new ApiException(ErrorCode::Unauthenticated, 'E-mail or password is wrong.', ['WWW-Authenticate' => 'Session realm="donna"']);
        }
        $this->limiter?->clear($key);

        return $user;
    }
}
