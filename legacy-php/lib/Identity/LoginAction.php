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
        $email = $call->input->email('email');
        // A password is taken as it is: not trimmed, any characters.
        $password = $call->input->raw('password');
        if (!is_string($password) || $password === '') {
            $call->input->fail('password', 'is required');
        } elseif (strlen($password) > 1024) {
            $call->input->fail('password', 'is too long');
        }
        $call->input->check();
        $user = $this->signIn->attempt($email, (string) $password);

        return $call->respond->jsonSuccess([
            'message' => 'Signed in.',
            'data' => ['user' => $user->toArray(), 'csrf_token' => $this->session->csrfToken()],
        ]);
    }
}
