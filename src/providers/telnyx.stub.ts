import { createHash } from 'node:crypto';
import { type ProviderCall } from './provider-call.js';

interface Call {
  readonly ids: { readonly call_control_id: string; readonly call_leg_id: string; readonly call_session_id: string };
  readonly startTime: string;
  isAlive: boolean;
}

const keptCalls = 1000;

/** Answers `/telnyx/v2/…` as Telnyx call control would; remembers the calls it has made. */
export class TelnyxStub {
  readonly #calls = new Map<string, Call>();
  #made = 0;

  async answer(call: ProviderCall): Promise<void> {
    const path = call.url.pathname;
    if (!/^Bearer \S+$/.test(call.header('authorization'))) return fail(call, 401, '10009', 'Authentication failed');
    if (call.method === 'POST' && path === '/telnyx/v2/calls') return this.#dial(call);
    if (call.method === 'POST' && path === '/telnyx/v2/messages') return this.#send(call);
    const [, id = '', action = ''] =
      /^\/telnyx\/v2\/calls\/([^/]+)(?:\/actions\/(answer|hangup|transfer|record_start))?$/.exec(path) ?? [];
    const isKnownForm = id !== '' && call.method === (action === '' ? 'GET' : 'POST');
    if (!isKnownForm) return fail(call, 404, '10005', 'Resource not found');
    const found = this.#calls.get(id.replace(/%3A/gi, ':'));
    if (found === undefined) return fail(call, 404, '10005', 'Resource not found');
    if (action === '') return call.json(200, { data: described(found) });
    return this.#act(call, found, action);
  }

  async #dial(call: ProviderCall): Promise<void> {
    const body = await call.jsonBody();
    const missing = ['to', 'from', 'connection_id'].find(
      (name) => typeof body?.[name] !== 'string' || body[name] === '',
    );
    if (missing !== undefined) return fail(call, 422, '10004', 'Missing required parameter', `/${missing}`);
    this.#made += 1;
    const token = createHash('sha256').update(`call ${this.#made}`).digest('hex');
    const made: Call = {
      ids: {
        call_control_id: `v3:${token.slice(0, 32)}`,
        call_leg_id: uuid(token, 0),
        call_session_id: uuid(token, 16),
      },
      startTime: new Date().toISOString(),
      isAlive: true,
    };
    this.#calls.set(made.ids.call_control_id, made);
    const [oldest] = this.#calls.keys();
    if (this.#calls.size > keptCalls && oldest !== undefined) this.#calls.delete(oldest);
    call.json(200, { data: described(made) });
  }

  async #send(call: ProviderCall): Promise<void> {
    const body = await call.jsonBody();
    const missing = ['to', 'from', 'text'].find((name) => typeof body?.[name] !== 'string' || body[name] === '');
    if (missing !== undefined) return fail(call, 422, '10004', 'Missing required parameter', `/${missing}`);
    this.#made += 1;
    const id = uuid(createHash('sha256').update(`message ${this.#made}`).digest('hex'), 0);
    call.json(200, {
      data: {
        record_type: 'message',
        id,
        direction: 'outbound',
        to: [{ phone_number: body?.['to'], status: 'queued' }],
      },
    });
  }

  async #act(call: ProviderCall, found: Call, action: string): Promise<void> {
    const body = await call.jsonBody();
    if (!found.isAlive) return fail(call, 422, '90018', 'Call has already ended');
    if (action === 'transfer' && typeof body?.['to'] !== 'string')
      return fail(call, 422, '10004', 'Missing required parameter', '/to');
    if (action === 'hangup') found.isAlive = false;
    call.json(200, { data: { result: 'ok' } });
  }
}

function described({ ids, isAlive, startTime }: Call): object {
  return { record_type: 'call', ...ids, is_alive: isAlive, start_time: startTime };
}

function uuid(hex: string, at: number): string {
  return hex.slice(at, at + 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}

/** Telnyx's shape of an error. */
function fail(call: ProviderCall, status: number, code: string, title: string, pointer?: string): void {
  call.json(status, {
    errors: [{ code, title, detail: title, ...(pointer === undefined ? {} : { source: { pointer } }) }],
  });
}
