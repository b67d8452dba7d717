<?php

declare(strict_types=1);

namespace Donna\Page;

/** What a page needs to talk live with Donna; assets/live-talk.js finds it by `data-part` below an element with `data-talk`. */
final class TalkParts
{
    /** The button, what is going on, and how to begin again or end. */
    public const CONTROLS = <<<'HTML'
        <div class="controls">
          <button class="push" type="button" data-part="push" aria-pressed="false">
            <svg viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="M12 15a3 3 0 0 0 3-3V6a3 3 0 0 0-6 0v6a3 3 0 0 0 3 3Z"/><path d="M6 11v1a6 6 0 0 0 12 0v-1M12 18v3M9 21h6"/></svg>
            <span>Hold to talk</span>
          </button>
          <div class="going">
            <p class="state" data-part="state" role="status" aria-live="polite">Ready.</p>
            <p class="trouble" data-part="trouble" role="alert" hidden></p>
            <div class="choices">
              <button class="quiet" type="button" data-part="again" hidden>Begin again</button>
              <a data-part="sign-in" href="login.php" hidden>Sign in again</a>
              <button class="quiet" type="button" data-part="end" hidden>Hang up</button>
            </div>
          </div>
        </div>
        HTML;

    /** How quick it was, for those who want to know. */
    public const TIMING = <<<'HTML'
        <details class="timing" data-part="timing" hidden>
          <summary>How quick it was</summary>
          <dl></dl>
        </details>
        HTML;
}
