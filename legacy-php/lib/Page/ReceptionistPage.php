<?php

declare(strict_types=1);

namespace Donna\Page;

use Donna\App;
use Donna\Http\Response;
use Donna\Identity\User;

final class ReceptionistPage
{
    public function __construct(private readonly App $app) {}

    public function __invoke(): Response
    {
        [$controls, $timing] = [TalkParts::CONTROLS, TalkParts::TIMING];

        return Visitor::signedIn($this->app, static fn(User $user, string $csrf): Response => Html::page('Receptionist', <<<HTML
                <h1>Receptionist</h1>
                <section class="card talk" aria-labelledby="talk-title" data-talk data-state="idle">
                  <h2 id="talk-title">Speak with Donna</h2>
                  <div class="log" role="log" aria-label="What was said" tabindex="0"><ol id="turns" class="turns"></ol></div>
            {$controls}
                  <p class="hint">Hold the button while you speak, or the space bar while it has the focus. A short tap begins, another one ends. Or write:</p>
                  <form id="say" class="line">
                    <label class="grow">Message <input name="message" maxlength="4000" required autocomplete="off"></label>
                    <button type="submit">Say</button>
                  </form>
                  <label class="inline">Voice <select id="voice"><option value="">standard</option></select></label>
                  <audio id="audio" controls hidden></audio>
            {$timing}
                </section>
            HTML, $user, $csrf, 'Receptionist', 'receptionist.js'));
    }
}
