<?php

declare(strict_types=1);

namespace Donna\Page;

use Donna\App;
use Donna\Http\Response;
use Donna\Identity\User;

final class BoardPage
{
    public function __construct(private readonly App $app) {}

    public function __invoke(): Response
    {
        return Visitor::signedIn($this->app, static fn(User $user, string $csrf): Response => Html::page('Board', <<<'HTML'
                <h1>Today</h1>
                <div class="board">
                  <section class="card" aria-labelledby="sales-title" data-card="sales">
                    <h2 id="sales-title">Sales</h2>
                    <dl class="figures" data-part="figures"></dl>
                    <h3>Leads</h3>
                    <ul class="rows" data-part="leads" aria-busy="true"><li class="wait">Loading…</li></ul>
                    <details>
                      <summary>Add a contact</summary>
                      <form data-form="contact">
                        <label>Name <input name="name" required maxlength="120" autocomplete="off"></label>
                        <label>E-mail <input name="email" type="email" maxlength="254" autocomplete="off"></label>
                        <label>Phone <input name="phone" type="tel" placeholder="+15550100123" autocomplete="off"></label>
                        <button type="submit">Add contact</button>
                      </form>
                    </details>
                  </section>
                  <section class="card" aria-labelledby="secretary-title" data-card="secretary">
                    <h2 id="secretary-title">Secretary</h2>
                    <h3>Tasks</h3>
                    <ul class="rows" data-part="tasks" aria-busy="true"><li class="wait">Loading…</li></ul>
                    <form class="line" data-form="task">
                      <label class="grow">New task <input name="title" required maxlength="200" autocomplete="off"></label>
                      <button type="submit">Add</button>
                    </form>
                    <h3>Meetings</h3>
                    <ul class="rows" data-part="meetings"></ul>
                  </section>
                  <section class="card wide" aria-labelledby="marketing-title" data-card="marketing">
                    <h2 id="marketing-title">Marketing inbox</h2>
                    <dl class="figures" data-part="figures"></dl>
                    <label class="inline">Show
                      <select data-part="category">
                        <option value="">everything</option>
                        <option value="lead">leads</option>
                        <option value="client">clients</option>
                        <option value="marketing">marketing</option>
                        <option value="spam">spam</option>
                      </select>
                    </label>
                    <ul class="rows mails" data-part="mails" aria-busy="true"><li class="wait">Loading…</li></ul>
                  </section>
                </div>
            HTML, $user, $csrf, 'Board', 'board.js'));
    }
}
