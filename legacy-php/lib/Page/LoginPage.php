<?php

declare(strict_types=1);

namespace Donna\Page;

use Donna\App;
use Donna\Http\ApiException;
use Donna\Http\Response;

final class LoginPage
{
    public function __construct(private readonly App $app) {}

    public function __invoke(): Response
    {
        $request = $this->app->request;
        $isPost = $request->method === 'POST';
        $fields = $isPost ? $request->fields(16384) : [];
        $next = Visitor::safePath($fields['next'] ?? $request->query['next'] ?? '/');
        if (!$isPost) {
            return $this->app->user() !== null ? Response::seeOther($next) : $this->render($next, '', '', 200);
        }
        $email = is_string($fields['email'] ?? null) ? $fields['email'] : '';
        $password = is_string($fields['password'] ?? null) ? $fields['password'] : '';
        try {
            $this->app->refuseWithoutCsrf($fields);
            if ($email === '' || str_contains($email, "\0") || $password === '' || strlen($email) > 254 || strlen($password) > 1024) {
                return $this->render($next, $email, 'Please give your e-mail and your password.', 422);
            }
            $this->app->signIn()->attempt($email, $password);
        } catch (ApiException $refusal) {
            $page = $this->render($next, $email, $refusal->getMessage(), $refusal->errorCode->status());

            return $page->with(array_intersect_key($refusal->headers, ['Retry-After' => true]));
        }

        return Response::seeOther($next);
    }

    private function render(string $next, string $email, string $error, int $status): Response
    {
        $csrf = $this->app->session()->ensureCsrfToken();
        [$token, $to, $email] = [Html::e($csrf), Html::e($next), Html::e(substr($email, 0, 254))];
        $alert = $error === '' ? '' : '<p class="error" role="alert">' . Html::e($error) . '</p>';
        $demo = $this->app->env->isPublic() ? '' : '<p class="hint">Demo: <code>demo@donna.example</code> with <code>donna-demo</code>.</p>';

        return Html::page('Sign in', <<<HTML
                <section class="card login" aria-labelledby="login-title">
                  <img src="assets/donna.svg" alt="" width="56" height="56">
                  <h1 id="login-title">Donna</h1>
                  <p class="hint">Your front desk, day and night.</p>
                  {$alert}
                  <form method="post" action="login.php">
                    <input type="hidden" name="csrf_token" value="{$token}">
                    <input type="hidden" name="next" value="{$to}">
                    <label>E-mail <input name="email" type="email" value="{$email}" required maxlength="254" autocomplete="username" autofocus></label>
                    <label>Password <input name="password" type="password" required maxlength="1024" autocomplete="current-password"></label>
                    <button type="submit">Sign in</button>
                  </form>
                  {$demo}
                </section>
            HTML, null, $csrf, status: $status);
    }
}
