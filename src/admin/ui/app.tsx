import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { access, askAccess, refreshSession } from './api/access.js';
import { startLive } from './api/live.js';
import { Frame } from './frame.js';
import { Forbidden, SignIn, Unreachable } from './doors.js';
import { PAGES } from './pages/index.js';
import { place } from './state/place.js';
import { useStore } from './state/store.js';
import { useLiveAgain } from './state/use-live.js';

/** Whoever may not look sees a door and nothing else. */
export function App(): JSX.Element {
  const state = useStore(access);
  useEffect(() => void askAccess(), []);
  switch (state.kind) {
    case 'asking':
      return <div class="door" aria-busy="true" />;
    case 'signed-out':
      return <SignIn notice={state.notice} />;
    case 'forbidden':
      return <Forbidden subject={state.subject} />;
    case 'unreachable':
      return <Unreachable error={state.error} />;
    case 'in':
      return <SignedIn key={state.session.subject} />;
    default:
      return state satisfies never;
  }
}

function SignedIn(): JSX.Element {
  const state = useStore(access);
  const { page, name } = useStore(place);
  useEffect(() => startLive(), []);
  useLiveAgain(() => void refreshSession());
  const known = PAGES.find(({ id }) => id === page) ?? PAGES[0];
  useFocusOnNewPage(known?.id ?? '');
  if (state.kind !== 'in' || known === undefined) return <div class="door" />;
  return (
    <Frame session={state.session} page={known.id}>
      <known.View key={known.id} name={name} />
    </Frame>
  );
}

/** As if a new document had been loaded: whoever reads by ear or key begins at its heading. */
function useFocusOnNewPage(id: string): void {
  useEffect(
    () =>
      place.subscribe(() => {
        if (place.get().page === id) return;
        scrollTo(0, 0);
        requestAnimationFrame(() => document.getElementById('page-title')?.focus({ preventScroll: true }));
      }),
    [id],
  );
}
