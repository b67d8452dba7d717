<?php

declare(strict_types=1);

namespace Donna\Identity;

use Donna\Call;
use Donna\Http\Response;

final class LoginAction
{
    public function __construct(private readonly SignIn $signIn, private readonly Session $session) {}

    public function __invoke(Call $call): Response
    {
        // trim() takes a NUL away as well: the same account in a spelling that a limit in front counts apart.
        $given = $call->input->raw('email');
        if (is_string($given) && str_contains($given, "\0")) {
            $call->input->fail('email', 'must be an e-mail address');
        }
        $email = $call->input->email('email');
        // A password is taken as it is: not trimmed, any characters.
        $password = $call->input->raw('password');
        if (!is_string($password) || $password === '') {
            $call->input->fail('password', 'is required');
        } elseif (strlen($password) > 1024) {
            $call->input->fail('password', 'is too long');
        }
        $call->input->check();
        if ($call->assertion?->isInternal() === true) {
            // The gateway signs in for a client that keeps tokens: no session, no cookie.
            $user = $this->signIn->check($email, (string) $password);

            return $call->respond->jsonSuccess(['data' => ['user' => $user->toArray(), 'credentials' => $user->credentials]]);
        }
        $user = $this->signIn->attempt($email, (string) $password);

        return $call->respond->jsonSuccess([
            'message' => 'Signed in.',
            'data' => ['user' => $user->toArray(), 'csrf_token' => $this->session->csrfToken()],
        ]);
    }
}
