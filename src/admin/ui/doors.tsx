import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { askAccess, signIn, signInByToken, signOut, tokens } from './api/access.js';
import { ROOT } from './api/addresses.js';
import { ApiError } from './api/api-error.js';
import { Fault } from './parts/states.js';
import { Mark } from './parts/icon.js';

interface DoorProps {
  readonly title: string;
  readonly lead: string;
  readonly children: ComponentChildren;
}

function Door({ title, lead, children }: DoorProps): JSX.Element {
  useEffect(() => {
    document.title = `${title} · Donna Gateway`;
  }, [title]);
  return (
    <main class="door">
      <div class="door-card">
        <div class="door-head">
          <Mark />
          <div>
            <h1>{title}</h1>
            <p class="lead">{lead}</p>
          </div>
        </div>
        {children}
      </div>
    </main>
  );
}

/** E-mail and password, or a token that somebody already has. */
export function SignIn({ notice }: { readonly notice: string | undefined }): JSX.Element {
  const [fault, setFault] = useState(notice);
  const [isBusy, setBusy] = useState(false);
  useEffect(() => setFault(notice), [notice]);
  const submit = async (event: SubmitEvent, work: (data: FormData) => Promise<void>): Promise<void> => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const data = new FormData(event.currentTarget);
    setBusy(true);
    setFault(undefined);
    try {
      await work(data);
    } catch (error) {
      setFault(error instanceof ApiError ? error.message : 'The page met an error of its own.');
    }
    setBusy(false);
  };
  return (
    <Door title="Sign in" lead="The dashboard of this gateway is for administrators.">
      {fault !== undefined && (
        <p class="form-fault" role="alert">
          {fault}
        </p>
      )}
      <form onSubmit={(event) => void submit(event, (data) => signIn(textOf(data, 'email'), textOf(data, 'password')))}>
        <label>
          E-mail
          <input name="email" type="email" autocomplete="username" required />
        </label>
        <label>
          Password
          <input name="password" type="password" autocomplete="current-password" required />
        </label>
        <button type="submit" class="primary" disabled={isBusy}>
          {isBusy ? 'One moment' : 'Sign in'}
        </button>
      </form>
      <details>
        <summary>Use an access token</summary>
        <form onSubmit={(event) => void submit(event, (data) => signInByToken(textOf(data, 'token')))}>
          <label>
            Access token
            <textarea name="token" required spellcheck={false} autocomplete="off" class="code" />
          </label>
          <button type="submit" disabled={isBusy}>
            Use this token
          </button>
        </form>
      </details>
      <div class="door-foot">
        <a href={ROOT}>Sign in at the application</a>
        <span class="soft">then come back here</span>
      </div>
    </Door>
  );
}

/** Known, but not an administrator: nothing else is shown. */
export function Forbidden({ subject }: { readonly subject: string | undefined }): JSX.Element {
  const isToken = tokens.token !== undefined;
  return (
    <Door
      title="Not for this account"
      lead={`You are signed in${subject === undefined ? '' : ` as ${subject}`}, but not as an administrator.`}
    >
      <p>Ask somebody who administers this gateway for the role, or sign in with another account.</p>
      <div class="door-foot">
        <button type="button" class="primary" onClick={() => void signOut()}>
          {isToken ? 'Sign out' : 'Sign in with another account'}
        </button>
        <a href={ROOT}>To the application</a>
      </div>
    </Door>
  );
}

export function Unreachable({ error }: { readonly error: ApiError }): JSX.Element {
  return (
    <Door title="No answer" lead="The dashboard could not ask who you are.">
      <Fault error={error} retry={() => void askAccess()} />
      {tokens.token !== undefined && (
        <div class="door-foot">
          <button type="button" onClick={() => void signOut()}>
            Sign in anew
          </button>
        </div>
      )}
    </Door>
  );
}

function textOf(data: FormData, name: string): string {
  const value = data.get(name);
  return typeof value === 'string' ? value : '';
}
