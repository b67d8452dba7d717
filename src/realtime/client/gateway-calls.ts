import { fieldsOf } from './client-config.js';
import type { Environment } from './environment.js';
import { VoiceError } from './voice-error.js';

const TIMEOUT_MS = 15_000;
const MAX_ANSWER_CHARS = 262_144;
const LONGEST_WAIT_S = 3600;

export interface CallerProof {
  /** Of the PHP session, for a write that its cookie authenticates. */
  readonly csrfToken?: string | undefined;
  /** For callers without a session's cookie. */
  readonly accessToken?: (() => Promise<string>) | undefined;
}

/** Calls the gateway's JSON endpoints, by the session's cookie or the page's own access token. */
export class GatewayCalls {
  constructor(
    private readonly environment: Environment,
    private readonly proof: CallerProof,
  ) {}

  /** @throws VoiceError */
  get(url: string, left: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    return this.call(url, { method: 'GET', credentials: 'same-origin' }, left);
  }

  /** @throws VoiceError */
  async post(url: string, body: object, left: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    const { accessToken, csrfToken } = this.proof;
    const headers: Record<string, string> = { 'Content-Type': 'application/json' };
    // Who proves by a token sends no cookie: the gateway could not tell whom of the two is meant.
    if (accessToken !== undefined) headers['Authorization'] = `Bearer ${await accessToken()}`;
    else if (csrfToken !== undefined) headers['X-CSRF-Token'] = csrfToken;
    const credentials = accessToken === undefined ? 'same-origin' : 'omit';
    return this.call(url, { method: 'POST', headers, credentials, body: JSON.stringify(body) }, left);
  }

  private async call(url: string, init: RequestInit, left: AbortSignal): Promise<Readonly<Record<string, unknown>>> {
    const stop = new AbortController();
    const abort = () => stop.abort();
    left.addEventListener('abort', abort, { once: true });
    let isLate = false;
    const cancel = this.environment.after(TIMEOUT_MS, () => {
      isLate = true;
      abort();
    });
    try {
      if (left.aborted) abort();
      const response = await this.environment.fetch(url, {
        ...init,
        headers: { Accept: 'application/json', ...init.headers },
        cache: 'no-store',
        redirect: 'error',
        signal: stop.signal,
      });
      const answer = parse(await response.text());
      if (response.ok && answer['success'] === true) return answer;
      throw faultOf(response, answer);
    } catch (error) {
      if (error instanceof VoiceError) throw error;
      throw new VoiceError(isLate ? 'timeout' : 'network');
    } finally {
      cancel();
      left.removeEventListener('abort', abort);
    }
  }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  if (text.length > MAX_ANSWER_CHARS) return {};
  try {
    return fieldsOf(JSON.parse(text));
  } catch {
    return {};
  }
}

/** The envelope's code decides where the status alone does not. */
function faultOf({ ok, status, headers }: Response, { errorCode }: Readonly<Record<string, unknown>>): VoiceError {
  const seconds = Number(headers.get('Retry-After') ?? 0);
  const waitMs = seconds > 0 ? Math.min(seconds, LONGEST_WAIT_S) * 1000 : 0;
  if (status === 401) return new VoiceError('unauthenticated');
  if (status === 403) return new VoiceError('forbidden');
  if (status === 429) return new VoiceError('busy', waitMs);
  if (errorCode === 'REALTIME_DISABLED') return new VoiceError('disabled');
  if (status === 503) return new VoiceError('busy', waitMs);
  if (status === 504 || status === 408) return new VoiceError('timeout');
  if (status >= 500) return new VoiceError('network', waitMs);
  return new VoiceError(ok ? 'bad_answer' : 'refused');
}
