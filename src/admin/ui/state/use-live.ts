import { useEffect, useRef } from 'preact/hooks';
import type { LiveEvents } from '../../admin-api.js';
import { liveRound, onLive } from '../api/live.js';

/** Hears of something while the page is there. */
export function useLive<N extends keyof LiveEvents>(name: N, listener: (data: LiveEvents[N]) => void): void {
  const last = useRef(listener);
  last.current = listener;
  useEffect(() => onLive(name, (data) => last.current(data)), [name]);
}

/** Calls when the stream is there again after a break: what happened meanwhile was not told. */
export function useLiveAgain(listener: () => void): void {
  const last = useRef(listener);
  last.current = listener;
  useEffect(
    () =>
      liveRound.subscribe(() => {
        if (liveRound.get() > 1) last.current();
      }),
    [],
  );
}
