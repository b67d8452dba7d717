<?php

declare(strict_types=1);

namespace Donna\Page;

use Donna\Http\ApiException;
use Donna\Http\Response;

final class ErrorPage
{
    public static function render(ApiException $refusal, string $traceId): Response
    {
        $text = Html::e($refusal->getMessage());
        $trace = Html::e($traceId);

        return Html::page('Sorry', <<<HTML
                <section class="card login">
                  <h1>Sorry</h1>
                  <p>{$text}</p>
                  <p class="hint">If you tell us about it, name <code>{$trace}</code>.</p>
                  <p><a href=".">Back to the board</a></p>
                </section>
            HTML, null, '', status: $refusal->errorCode->status())->with($refusal->headers);
    }
}
