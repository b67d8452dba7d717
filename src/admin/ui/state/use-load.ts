import { useCallback, useEffect, useState } from 'preact/hooks';
import { callApi } from '../api/access.js';
import { ApiError } from '../api/api-error.js';

export interface Loaded<T> {
  readonly data: T | undefined;
  /** Why the last attempt failed; `data` may still hold what was known before. */
  readonly error: ApiError | undefined;
  /** When `data` came, in ms since the epoch. */
  readonly at: number;
  reload(): void;
  /** Changes what is shown without asking, after something live. */
  patch(change: (data: T) => T): void;
}

interface Held<T> {
  readonly url: string;
  readonly data: T | undefined;
  readonly error: ApiError | undefined;
  readonly at: number;
}

/** Loads an address of the admin API, and again every `everyMs` while somebody looks; the old data stay until the new are there. */
export function useLoad<T>(url: string, everyMs?: number): Loaded<T> {
  const [held, setHeld] = useState<Held<T>>({ url, data: undefined, error: undefined, at: 0 });
  const [turn, setTurn] = useState(0);
  const reload = useCallback(() => setTurn((before) => before + 1), []);

  useEffect(() => {
    const abort = new AbortController();
    callApi<T>('GET', url, undefined, abort.signal).then(
      (data) => abort.signal.aborted || setHeld({ url, data, error: undefined, at: Date.now() }),
      (error: unknown) => {
        if (abort.signal.aborted) return;
        const told = error instanceof ApiError ? error : new ApiError('The page met an error of its own.', 0);
        setHeld((before) => ({ ...(before.url === url ? before : { url, data: undefined, at: 0 }), error: told }));
      },
    );
    return () => abort.abort();
  }, [url, turn]);

  useEffect(() => {
    if (everyMs === undefined) return undefined;
    const timer = setInterval(() => document.hidden || reload(), everyMs);
    const onShown = (): void => {
      if (!document.hidden) reload();
    };
    document.addEventListener('visibilitychange', onShown);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', onShown);
    };
  }, [everyMs, reload]);

  const patch = useCallback(
    (change: (data: T) => T) =>
      setHeld((before) => (before.data === undefined ? before : { ...before, data: change(before.data) })),
    [],
  );
  const isOfThis = held.url === url;
  return {
    data: isOfThis ? held.data : undefined,
    error: isOfThis ? held.error : undefined,
    at: held.at,
    reload,
    patch,
  };
}
