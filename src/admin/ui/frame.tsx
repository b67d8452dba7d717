import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { SessionView } from '../admin-api.js';
import { signOut } from './api/access.js';
import { liveState, type LiveState } from './api/live.js';
import { ROOT } from './api/addresses.js';
import { Icon, type IconName, Mark } from './parts/icon.js';
import { PAGES } from './pages/index.js';
import { hrefTo } from './state/place.js';
import { useStore } from './state/store.js';
import { chooseTheme, themeChoice, type ThemeChoice } from './state/theme-choice.js';

interface FrameProps {
  readonly session: SessionView;
  readonly page: string;
  readonly children: ComponentChildren;
}

/** What is around every page. */
export function Frame({ session, page, children }: FrameProps): JSX.Element {
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    const { current: bar } = nav;
    const link = bar?.querySelector<HTMLElement>('[aria-current]');
    // On a phone the navigation is a bar that scrolls.
    if (bar != null && link != null) bar.scrollLeft = link.offsetLeft - (bar.clientWidth - link.clientWidth) / 2;
  }, [page]);
  return (
    <div class="frame">
      <a
        class="skip"
        href={location.hash === '' ? '#/overview' : location.hash}
        onClick={(event) => {
          event.preventDefault();
          document.getElementById('main')?.focus();
        }}
      >
        Skip to content
      </a>
      <header class="side">
        <a class="brand" href={hrefTo('overview')}>
          <Mark />
          <span>
            Donna Gateway
            <small>
              {session.gateway.environment} · {session.gateway.version}
            </small>
          </span>
        </a>
        <nav ref={nav} class="nav" aria-label="Pages">
          <ul>
            {PAGES.map(({ id, title, icon }) => (
              <li key={id}>
                <a href={hrefTo(id)} aria-current={id === page ? 'page' : undefined}>
                  <Icon name={icon} />
                  {title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="side-foot">
          <LiveSign />
          <ThemeSwitch />
          <Who session={session} />
        </div>
      </header>
      <main id="main" class="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

const WORDS: Readonly<Record<LiveState, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  reconnecting: 'Reconnecting',
  paused: 'Paused',
};

function LiveSign(): JSX.Element {
  const state = useStore(liveState);
  return (
    <span class="live" role="status" title={WORDS[state]}>
      <span class={`live-dot is-${state}`} />
      <span class="live-word">{WORDS[state]}</span>
    </span>
  );
}

const THEMES: readonly (readonly [ThemeChoice, string, IconName])[] = [
  ['system', 'As the device', 'system'],
  ['light', 'Light', 'light'],
  ['dark', 'Dark', 'dark'],
];

function ThemeSwitch(): JSX.Element {
  const chosen = useStore(themeChoice);
  return (
    <fieldset class="theme-choice">
      <legend class="visually-hidden">Theme</legend>
      {THEMES.map(([value, label, icon]) => (
        <label key={value} title={label}>
          <input type="radio" name="theme" checked={chosen === value} onChange={() => chooseTheme(value)} />
          <Icon name={icon} />
          <span class="visually-hidden">{label}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Who({ session }: { readonly session: SessionView }): JSX.Element {
  if (session.via === 'jwt')
    return (
      <div class="who">
        <span class="who-name">{session.subject}</span>
        <button type="button" class="link-button" onClick={() => void signOut()}>
          Sign out
        </button>
      </div>
    );
  return (
    <div class="who">
      <span class="who-name">{session.subject}</span>
      <span class="soft">Signed in by the application’s session</span>
      <a href={ROOT}>To the application</a>
    </div>
  );
}
