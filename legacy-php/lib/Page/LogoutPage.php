<?php

declare(strict_types=1);

namespace Donna\Page;

use Donna\App;
use Donna\Http\Response;

final class LogoutPage
{
    public function __construct(private readonly App $app) {}

    public function __invoke(): Response
    {
        // Without a session there is nothing that a forged form could end.
        if ($this->app->session()->user() !== null) {
            $this->app->refuseWithoutCsrf($this->app->request->fields(16384));
            $this->app->session()->destroy();
        }

        return Response::seeOther('/login.php');
    }
}
