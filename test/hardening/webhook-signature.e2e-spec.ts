import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { eventually } from '../support/eventually.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { sendRaw } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { unixNow, WebhookSender } from '../support/signed-webhook.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { twin, WEBHOOK_TWINS, WebhookTwinModule } from '../support/webhook-twins.js';

const L = 2n ** 252n + 27742317777372353535851937790883648493n;

describe('a route whose messages are signed', () => {
  const sender = new WebhookSender();
  let upstream: RawUpstream;
  let gateway: TestGateway;
  let withoutKey: TestGateway;

  beforeAll(async () => {
    upstream = await startRawUpstream((socket, head) => {
      const answer = httpAnswer(twin.status, { 'Content-Type': 'application/json' }, '{"status":"received"}');
      if (head.includes('"slow"')) setTimeout(() => socket.write(answer), 300);
      else socket.write(answer);
    });
    const options = { routes: WEBHOOK_TWINS, phpTargets: [upstream.origin], features: [WebhookTwinModule] };
    gateway = await startTestGateway({ ...options, env: { TELNYX_PUBLIC_KEY: sender.publicKey } });
    withoutKey = await startTestGateway(options);
  });
  afterAll(async () => {
    await gateway.stop();
    await withoutKey.stop();
    await upstream.stop();
  });

  /** How often the message behind a path has reached whoever answers it. */
  const reached = (path: string): number =>
    path === '/native' ? twin.calls : upstream.requests.filter((head) => head.includes(path)).length;

  const refused = async (path: string, sending: Promise<CallAnswer>, status = 401): Promise<CallAnswer> => {
    const before = reached(path);
    const answer = await sending;
    expect(answer.status).toBe(status);
    expect(answer.json()).toMatchObject({ success: false, traceId: answer.headers['x-trace-id'] });
    expect(reached(path)).toBe(before);
    return answer;
  };

  describe.each(['/proxied', '/native'])('on its twin %s', (path) => {
    const send = (body: Buffer | string, headers: Record<string, string> = {}, isChunked = false) =>
      sender.send(gateway.url, path, body, { headers, isChunked });

    it.each([false, true])('takes a fresh message (chunked: %s)', async (isChunked) => {
      const before = reached(path);
      const answer = await send(sender.event(), {}, isChunked);
      expect([answer.status, answer.json()]).toEqual([200, expect.objectContaining({ status: 'received' })]);
      expect(reached(path)).toBe(before + 1);
    });

    it('takes one from the edge of the window, and none from beyond it, old or of the future', async () => {
      for (const offset of [-280, 280]) expect((await at(path, offset)).status).toBe(200);
      for (const offset of [-301, -86_400, 400, 86_400]) {
        const answer = await refused(path, at(path, offset));
        expect(answer.json()).toMatchObject({ errorCode: 'UNAUTHENTICATED' });
        expect(answer.headers['www-authenticate']).toBe('Signature realm="telnyx"');
      }
    });

    it('refuses a message that lacks a part, or has one twice', async () => {
      const body = sender.event();
      const { 'Telnyx-Timestamp': timestamp = '', 'Telnyx-Signature-Ed25519': signature = '' } = sender.headers(body);
      await refused(path, call(gateway.url, path, { method: 'POST', body }));
      for (const headers of [{ 'Telnyx-Timestamp': timestamp }, { 'Telnyx-Signature-Ed25519': signature }])
        await refused(path, call(gateway.url, path, { method: 'POST', body, headers }));
      for (const doubled of [`Telnyx-Timestamp: ${timestamp}`, `telnyx-signature-ed25519: ${signature}`]) {
        const head = [
          `POST ${path} HTTP/1.1`,
          'Host: x',
          `Content-Length: ${Buffer.byteLength(body)}`,
          `Telnyx-Timestamp: ${timestamp}`,
          `Telnyx-Signature-Ed25519: ${signature}`,
          doubled,
          'Connection: close',
        ];
        expect(await sendRaw(gateway.port, `${head.join('\r\n')}\r\n\r\n${body}`)).toMatch(/^HTTP\/1\.1 401 /);
      }
      expect((await send(body)).status).toBe(200);
    });

    it.each([
      ['with a plus', (now: string) => `+${now}`],
      ['with a zero before it', (now: string) => `0${now}`],
      ['with a fraction', (now: string) => `${now}.0`],
      ['in hexadecimal', (now: string) => `0x${Number(now).toString(16)}`],
      ['in milliseconds', (now: string) => `${now}000`],
      ['as an exponent', (now: string) => `${now}e0`],
      ['negative', (now: string) => `-${now}`],
      ['as a word', () => 'now'],
    ])('refuses a timestamp %s, though it is signed', async (_name, spell) => {
      const body = sender.event();
      await refused(path, send(body, sender.headers(body, spell(String(unixNow())))));
    });

    it.each([
      ['without padding', (good: string) => good.replace(/=+$/, '')],
      ['in base64url', (good: string) => good.replace(/^./, '-')],
      ['with its unused bits set', (good: string) => good.replace(/.==$/, (end) => `${next(end[0] ?? '')}==`)],
      ['with a space in it', (good: string) => `${good.slice(0, 40)} ${good.slice(40)}`],
      ['of 63 bytes', (good: string) => Buffer.from(good, 'base64').subarray(1).toString('base64')],
      ['of 65 bytes', (good: string) => Buffer.concat([Buffer.from(good, 'base64'), Buffer.of(0)]).toString('base64')],
      ['in hexadecimal', (good: string) => Buffer.from(good, 'base64').toString('hex')],
      ['empty', () => ''],
      ['of zeros', () => Buffer.alloc(64).toString('base64')],
      ['with S + L for S (malleability)', (good: string) => malleate(Buffer.from(good, 'base64')).toString('base64')],
    ])('refuses a signature %s', async (_name, spell) => {
      const body = sender.event();
      const { 'Telnyx-Signature-Ed25519': good = '', ...others } = sender.headers(body);
      await refused(path, send(body, { ...others, 'Telnyx-Signature-Ed25519': spell(good) }));
      expect((await send(body)).status).toBe(200);
    });

    it('refuses what another key has signed', async () => {
      const body = sender.event();
      await refused(path, send(body, new WebhookSender().headers(body)));
    });

    it('refuses any message of which one bit was changed, wherever', async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat(), fc.constantFrom('body', 'signature', 'timestamp'), async (at, part) => {
          const body = Buffer.from(sender.event());
          const timestamp = unixNow();
          const signature = sender.signature(body, timestamp);
          if (part === 'body') flip(body, at);
          if (part === 'signature') flip(signature, at);
          const answer = await send(body, {
            'Telnyx-Timestamp': String(timestamp + (part === 'timestamp' ? 1 + (at % 5) : 0)),
            'Telnyx-Signature-Ed25519': signature.toString('base64'),
          });
          expect(answer.status).toBe(401);
        }),
        { numRuns: 150 },
      );
    });

    it('refuses bytes added to, or taken from, a signed body', async () => {
      const body = sender.event();
      const headers = sender.headers(body);
      for (const changed of [`${body} `, ` ${body}`, body.trimEnd(), body.replace('1.0', '1'), `${body}${body}`])
        await refused(path, send(changed, headers));
      expect((await send(body, headers)).status).toBe(200);
    });

    it('refuses a request without a body, whose query would be all that it says', async () => {
      const headers = sender.headers('');
      await refused(path, call(gateway.url, `${path}?CallSid=1`, { headers }));
      await refused(path, call(gateway.url, path, { method: 'POST', headers, body: '' }));
    });

    it('refuses an encoded body, of which its reader would see other bytes than were signed', async () => {
      const body = gzipSync(sender.event());
      await refused(path, send(body, { 'Content-Encoding': 'gzip' }), 415);
      await refused(path, send(body, { 'Content-Encoding': 'identity, gzip' }), 415);
      expect((await send(sender.event(), { 'Content-Encoding': 'Identity' })).status).toBe(200);
    });

    it('takes 256 KiB and refuses a byte more', async () => {
      const body = Buffer.alloc(262_144, path.charAt(1)); // each twin its own message
      expect((await send(`"${body.toString().slice(2)}"`)).status).toBe(200);
      await refused(path, send(`"${body.toString().slice(1)}"`), 413);
      await refused(path, send(`"${body.toString().slice(1)}"`, {}, true), 413);
    });

    it('takes no message twice', async () => {
      const body = sender.event();
      const headers = sender.headers(body);
      expect((await send(body, headers)).status).toBe(200);
      for (let i = 0; i < 3; i++) {
        const answer = await refused(path, send(body, headers));
        expect(answer.json()).toMatchObject({ error: 'This message was received before.' });
      }
      // Not on the other route of the same key either.
      expect((await sender.send(gateway.url, other(path), body, { headers })).status).toBe(401);
      // A sender that repeats an event signs it anew.
      const again = body.replace('"attempt":1', '"attempt":2');
      expect((await send(again)).status).toBe(200);
    });

    it('takes one of a message that comes many times at once', async () => {
      const body = sender.event();
      const headers = sender.headers(body);
      const before = reached(path);
      const answers = await Promise.all(Array.from({ length: 20 }, () => send(body, headers)));
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array.from({ length: 19 }, () => 401)]);
      expect(reached(path)).toBe(before + 1);
    });

    it('takes a message again that did not reach whom it is for', async () => {
      const body = sender.event();
      const headers = sender.headers(body);
      twin.status = 503;
      const failed = await send(body, headers);
      twin.status = 200;
      expect(failed.status).toBe(503);
      await eventually(async () => (await send(body, headers)).status === 200);
      await refused(path, send(body, headers));
    });

    it('answers 503 without a key, whatever was signed', async () => {
      for (const headers of [sender.headers('{}'), {}]) {
        const answer = await call(withoutKey.url, path, { method: 'POST', body: '{}', headers });
        expect([answer.status, answer.json()]).toEqual([
          503,
          expect.objectContaining({ success: false, error: 'Webhooks are not configured.' }),
        ]);
      }
    });
  });

  const at = (path: string, offset: number): Promise<CallAnswer> => {
    const body = sender.event();
    return sender.send(gateway.url, path, body, { headers: sender.headers(body, unixNow() + offset) });
  };

  it('takes a message again whose sender left before it was answered', async () => {
    const body = sender.event().replace('1.0', '"slow"');
    const headers = sender.headers(body);
    const leaving = request(`${gateway.url}/proxied`, { method: 'POST', headers });
    leaving.on('error', () => undefined);
    const left = new Promise((resolve) => leaving.once('close', resolve));
    const before = upstream.requests.length;
    leaving.end(body);
    await eventually(() => upstream.requests.length > before);
    leaving.destroy();
    await left;
    const send = () => sender.send(gateway.url, '/proxied', body, { headers });
    await eventually(async () => (await send()).status === 200);
    expect((await send()).status).toBe(401);
  });

  it('counts against the limit per address before it looks at a signature', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 5; i++)
      statuses.push((await call(gateway.url, '/limited', { method: 'POST', body: '{}' })).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
  });

  it('tells the upstream in the signed identity, and nobody else can', async () => {
    const claims = async (path: string, headers: Record<string, string>) => {
      const body = sender.event();
      await sender.send(gateway.url, path, body, { headers: { ...sender.headers(body), ...headers } });
      const head = upstream.requests.at(-1) ?? '';
      const sent = [...head.matchAll(/^x-gateway-identity: ([^\r]+)/gim)];
      expect(sent).toHaveLength(1);
      return JSON.parse(Buffer.from(sent[0]?.[1]?.split('.')[1] ?? '', 'base64url').toString()) as object;
    };
    const forged = { 'X-Gateway-Identity': 'forged', 'X-Gateway-Webhook': 'verified', webhook: 'verified' };
    expect(await claims('/proxied', forged)).toMatchObject({ via: 'anonymous', webhook: 'verified', htu: '/proxied' });
    gateway.writeRoutes(WEBHOOK_TWINS.replace('signature: telnyx,', ''));
    await eventually(async () => (await call(gateway.url, '/proxied', { method: 'POST', body: '{}' })).status === 200);
    expect(await claims('/proxied', forged)).not.toHaveProperty('webhook');
    gateway.writeRoutes(WEBHOOK_TWINS);
    await eventually(async () => (await call(gateway.url, '/proxied', { method: 'POST', body: '{}' })).status === 401);
  });
});

function flip(bytes: Buffer, at: number): void {
  const bit = at % (bytes.length * 8);
  bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
}

/** S + L signs the same message wherever S < L is not asked for (RFC 8032, section 8.4). */
function malleate(signature: Buffer): Buffer {
  const s = BigInt(`0x${Buffer.from(signature.subarray(32).toReversed()).toString('hex')}`) + L;
  return Buffer.concat([signature.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex').toReversed()]);
}

function next(letter: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
  return alphabet[alphabet.indexOf(letter) + 1] ?? '';
}

function other(path: string): string {
  return path === '/native' ? '/proxied' : '/native';
}
