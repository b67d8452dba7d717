import type { SessionView } from '../../admin-api.js';
import { createStore } from '../state/store.js';
import { apiUrl } from './addresses.js';
import { ApiError, toApiError } from './api-error.js';
import { subjectOf, TokenKeeper } from './token-keeper.js';

const ATTEMPTS = 3;
const PAUSE_MS = 500;
const ENDED = 'Your session has ended. Sign in again.';

/** Whether somebody may look at the gateway. */
export type Access =
  | { readonly kind: 'asking' }
  | { readonly kind: 'signed-out'; readonly notice?: string }
  | { readonly kind: 'forbidden'; readonly subject: string | undefined }
  | { readonly kind: 'unreachable'; readonly error: ApiError }
  | { readonly kind: 'in'; readonly session: SessionView };

export const tokens = new TokenKeeper();
export const access = createStore<Access>({ kind: 'asking' });

/** Asks who is signed in: the token of this tab, or the application's session cookie. */
export async function askAccess(notice?: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const answer = await request('GET', apiUrl('session'));
      access.set({ kind: 'in', session: (await readData(answer)) as SessionView });
      return;
    } catch (error) {
      // A network that has just changed, a gateway that is being renewed: not worth a door yet.
      if (attempt < ATTEMPTS && error instanceof ApiError && error.status === 0) {
        await new Promise((resolve) => setTimeout(resolve, attempt * PAUSE_MS));
        continue;
      }
      access.set(accessAfter(error, notice));
      return;
    }
  }
}

export async function signIn(email: string, password: string): Promise<void> {
  await tokens.signIn(email, password);
  await askAccess();
}

/** A token as somebody pasted it: with line ends of a terminal, or the word before it. @throws ApiError when no header could carry it */
export async function signInByToken(pasted: string): Promise<void> {
  const token = pasted.replace(/^\s*Bearer\s/i, '').replace(/\s+/g, '');
  // Kept, it would make every call fail before it is sent.
  if (!/^[\x21-\x7e]{1,8192}$/.test(token)) throw new ApiError('This is no access token.', 0);
  tokens.take(token);
  await askAccess('This token is not accepted: it may have ended, or is not of this gateway.');
}

/** Asks again who is signed in, and where: behind a stream that has come back may be another instance, and another version. */
export async function refreshSession(): Promise<void> {
  const session = await callApi<SessionView>('GET', apiUrl('session')).catch(() => undefined);
  if (session !== undefined && access.get().kind === 'in') access.set({ kind: 'in', session });
}

export async function signOut(): Promise<void> {
  await tokens.signOut();
  access.set({ kind: 'signed-out' });
}

/** Calls the admin API. @throws ApiError; one that says 401 or 403 also shows the door */
export async function callApi<T>(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  body?: object,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return (await readData(await request(method, url, { body, signal }))) as T;
  } catch (error) {
    noteRefusal(error);
    throw error;
  }
}

/** Whoever is no longer let in sees nothing more. */
export function noteRefusal(error: unknown): void {
  if (error instanceof ApiError && (error.status === 401 || isRoleMissing(error)) && access.get().kind === 'in')
    access.set(accessAfter(error, ENDED));
}

interface RequestParts {
  readonly body?: object | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly accept?: string;
}

/** A request with whatever this tab proves itself by; renewed once when it has ended. @throws ApiError */
export async function request(method: string, url: string, parts: RequestParts = {}): Promise<Response> {
  const answer = await send(method, url, parts);
  if (answer.ok) return answer;
  if (answer.status === 401 && (await tokens.renew())) {
    const again = await send(method, url, parts);
    if (again.ok) return again;
    throw toApiError(again.status, await readJson(again));
  }
  throw toApiError(answer.status, await readJson(answer));
}

async function send(method: string, url: string, { body, signal, accept }: RequestParts): Promise<Response> {
  const { token } = tokens;
  const headers: Record<string, string> = { Accept: accept ?? 'application/json' };
  if (token !== undefined) headers['Authorization'] = `Bearer ${token}`;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  try {
    return await fetch(url, {
      method,
      headers,
      cache: 'no-store',
      credentials: token === undefined ? 'same-origin' : 'omit',
      redirect: 'error',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new ApiError('The gateway cannot be reached.', 0);
  }
}

async function readData(answer: Response): Promise<unknown> {
  const body = await readJson(answer);
  if (typeof body !== 'object' || body === null) throw new ApiError('The gateway sent something unreadable.', 0);
  return 'data' in body ? body.data : body;
}

function readJson(answer: Response): Promise<unknown> {
  return answer.json().catch(() => undefined);
}

/** A 403 may also refuse one request (an origin, a cookie without its proof); that is told where it was asked. */
function isRoleMissing({ status, code }: ApiError): boolean {
  return status === 403 && code === 'FORBIDDEN';
}

function accessAfter(error: unknown, notice: string | undefined): Access {
  if (!(error instanceof ApiError)) throw error;
  if (error.status === 401) {
    const told = notice ?? (tokens.token === undefined ? undefined : ENDED);
    tokens.forget();
    return { kind: 'signed-out', ...(told === undefined ? {} : { notice: told }) };
  }
  if (isRoleMissing(error)) return { kind: 'forbidden', subject: subjectOf(tokens.token) };
  return { kind: 'unreachable', error };
}
