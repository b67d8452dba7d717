<?php

declare(strict_types=1);

namespace Donna\Page;

use Donna\App;
use Donna\Http\Response;
use Donna\Identity\User;

final class ChatbotPage
{
    public function __construct(private readonly App $app) {}

    public function __invoke(): Response
    {
        [$controls, $timing] = [TalkParts::CONTROLS, TalkParts::TIMING];

        return Visitor::signedIn($this->app, static fn(User $user, string $csrf): Response => Html::page('Chatbot', <<<HTML
                <h1>Chatbot</h1>
                <div class="chat-page">
                  <section class="card chat" aria-labelledby="chat-title">
                    <div class="line"><h2 id="chat-title" class="grow">Conversation</h2><button class="quiet" type="button" id="fresh">New</button></div>
                    <div class="log" role="log" aria-label="Messages" tabindex="0"><ol id="turns" class="turns"></ol></div>
                    <form id="say" class="line">
                      <label class="grow">Message <textarea name="message" rows="2" maxlength="4000" required></textarea></label>
                      <button type="submit">Send</button>
                    </form>
                    <section class="aloud" aria-labelledby="aloud-title" data-talk data-state="idle" hidden>
                      <h3 id="aloud-title">Or talk</h3>
            {$controls}
            {$timing}
                    </section>
                  </section>
                  <aside class="stack">
                    <section class="card" aria-labelledby="list-title">
                      <h2 id="list-title">Conversations</h2>
                      <ul id="list" class="rows"><li class="wait">Loading…</li></ul>
                    </section>
                    <section class="card" aria-labelledby="settings-title">
                      <h2 id="settings-title">Settings</h2>
                      <form id="settings">
                        <label>Greeting <input name="greeting" required maxlength="500"></label>
                        <label>Colour <input name="themeColor" type="color"></label>
                        <label>Profile
                          <select name="profile"><option>general</option><option>sales</option><option>receptionist</option><option>marketing</option></select>
                        </label>
                        <label>Theme <select name="theme"><option>auto</option><option>light</option><option>dark</option></select></label>
                        <label>Position
                          <select name="position"><option>bottom-right</option><option>bottom-left</option><option>top-right</option><option>top-left</option></select>
                        </label>
                        <label>Language <input name="language" required pattern="[a-z]{2}" maxlength="2" size="3"></label>
                        <div class="line"><button type="submit">Save</button><button class="quiet" type="button" id="reset">Reset</button></div>
                      </form>
                    </section>
                  </aside>
                </div>
            HTML, $user, $csrf, 'Chatbot', 'chatbot.js'));
    }
}
