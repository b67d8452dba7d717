import type { ComponentChildren, JSX } from 'preact';
import type { ApiError } from '../api/api-error.js';
import { formatClock } from '../format.js';
import type { Loaded } from '../state/use-load.js';

interface GateProps<T> {
  readonly loaded: Loaded<T>;
  /** What is loading, for whoever waits: `the routes`. */
  readonly what: string;
  readonly children: (data: T) => ComponentChildren;
}

/** Shows what was loaded, or why it was not; what was known before stays, with a word about its age. */
export function Gate<T>({ loaded, what, children }: GateProps<T>): JSX.Element {
  const { data, error, at, reload } = loaded;
  if (data !== undefined)
    return (
      <>
        {error !== undefined && (
          <Fault error={error} retry={reload} stale={`Shown is what was known at ${formatClock(at)}.`} />
        )}
        {children(data)}
      </>
    );
  return error === undefined ? <Loading what={what} /> : <Fault error={error} retry={reload} />;
}

export function Loading({ what }: { readonly what: string }): JSX.Element {
  return (
    <div class="loading" role="status">
      <span class="visually-hidden">Loading {what}</span>
      <div class="skeleton" />
      <div class="skeleton" />
      <div class="skeleton" />
    </div>
  );
}

interface FaultProps {
  readonly error: ApiError;
  readonly retry: () => void;
  readonly stale?: string;
}

/** What is wrong, what can be done, and the id by which the log tells more. */
export function Fault({ error, retry, stale }: FaultProps): JSX.Element {
  return (
    <div class="fault" role="alert">
      <div>
        <p class="fault-title">{error.message}</p>
        <p>
          {adviceFor(error.status)} {stale}
        </p>
        {error.traceId !== undefined && (
          <p class="soft">
            Trace <code>{error.traceId}</code>
          </p>
        )}
      </div>
      <button type="button" onClick={retry}>
        Try again
      </button>
    </div>
  );
}

function adviceFor(status: number): string {
  if (status === 0) return 'Is it running, and are you online?';
  if (status === 404) return 'It may have gone, or this gateway does not have it.';
  if (status === 429) return 'Too much was asked at once: wait a moment.';
  if (status >= 500) return 'The log has the details.';
  return 'The request was refused.';
}

export function Empty({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <p class="empty">{children}</p>;
}
