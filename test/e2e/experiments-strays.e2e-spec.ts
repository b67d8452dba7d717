import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Agent } from 'node:http';
import { type CandidateProcess, startCandidateProcess } from '../support/candidate-process.js';
import { eventually } from '../support/eventually.js';
import { ALIKE, explain as explainOf, type Explained, experimentTable } from '../support/experiment-site.js';
import { call } from '../support/http-call.js';
import { hear } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { startSentryReceiver } from '../support/sentry-receiver.js';
import { bearer } from '../support/staged-site.js';
import type { TestGateway } from '../support/test-gateway.js';

// Compiles the sources once, and starts processes.
jest.setTimeout(180_000);

const BIG = JSON.stringify({ success: true, text: 'x'.repeat(32_768) });
const HELD = `
  held: { match: { path: /held, methods: [GET] }, handler: test.held, policies: { authorization: user } }
`;
const KINDS = ['timer', 'tick', 'event', 'rejection', 'forgotten'];

let php: RawUpstream;
beforeAll(async () => {
  php = await startRawUpstream((socket, head) => {
    const body = head.includes('big=') ? BIG : ALIKE;
    socket.write(httpAnswer(200, { 'Content-Type': 'application/json' }, body));
  });
});
afterAll(() => php.stop());

const processes: CandidateProcess[] = [];
afterAll(async () => {
  for (const one of processes.splice(0)) await one.stop();
});

async function start(
  staging: string,
  experiment = '',
  policies?: string,
  env: Readonly<Record<string, string>> = {},
): Promise<CandidateProcess> {
  const made = await startCandidateProcess(experimentTable(staging, experiment, policies) + HELD, php.origin, env);
  processes.push(made);
  return made;
}

const explain = ({ url }: CandidateProcess): Promise<Explained> => explainOf({ url } as TestGateway);

let callers = 0;
const ask = ({ url }: CandidateProcess, query = ''): ReturnType<typeof call> =>
  call(url, `/api/read.php${query}`, { headers: bearer(`caller-${(callers += 1)}`) });

/** One process for all that is mirrored: a start costs seconds. */
let mirrored: CandidateProcess;
beforeAll(async () => {
  mirrored = await start('stage: mirror', 'promote: auto, minSamples: 1');
});

describe('a handler that leaves an error to nobody', () => {
  it('ends no process while it is mirrored: PHP’s answers go out, it is told by its place, and goes no further', async () => {
    const gateway = mirrored;
    for (const kind of KINDS) {
      const answer = await ask(gateway, `?do=${kind}`);
      expect(answer.json()).toMatchObject({ success: true, from: 'php' });
    }
    let found = await explain(gateway);
    await eventually(async () => {
      found = await explain(gateway);
      const uncaught = found.verdict?.reasons.find(({ check }) => check === 'uncaught');
      return uncaught?.text.includes(`${KINDS.length} errors uncaught`) === true;
    });
    expect(found.verdict?.action).toBe('hold');
    expect(found.effective).toEqual({ stage: 'mirror' });
    // Once for many, with the place and without the message.
    const lines = gateway.said().match(/left an error uncaught/g) ?? [];
    expect(lines).toHaveLength(1);
    expect(gateway.said()).toMatch(/"route":"read".*TypeError \| at \w*/);
    expect(gateway.said()).not.toContain('alice');
    expect(gateway.exitCode()).toBeUndefined();
  });

  it('loses its canary at the first such error, and no caller of another route', async () => {
    const sentry = await startSentryReceiver();
    const gateway = await start('stage: canary, weight: 100', '', 'timeoutMs: 300', { SENTRY_DSN: sentry.dsn });
    // It never answers, and throws where nobody hears: PHP answers in its stead.
    const answer = await ask(gateway, '?do=silent');
    expect(answer.json()).toMatchObject({ success: true, from: 'php' });
    await eventually(async () => (await explain(gateway)).effective.stage === 'proxy');
    const { override } = await explain(gateway);
    expect(override).toMatchObject({ by: 'gateway', reason: expect.stringContaining('1 errors uncaught') });
    expect((await ask(gateway)).status).toBe(200);
    expect(gateway.exitCode()).toBeUndefined();

    // What is no candidate's still ends the process, as Node has it: nobody knows what it left behind.
    await hear(Number(new URL(gateway.outside).port), '/');
    await eventually(() => gateway.exitCode() !== undefined);
    expect(gateway.exitCode()).toBe(1);
    expect(gateway.said()).toMatch(/Uncaught Error \| at .*site\.mjs/);
    expect(gateway.said()).not.toContain('outside');
    // Both are reported, the last one before the end.
    expect(sentry.events.map(({ tags, level }) => [tags['kind'], tags['route'], level])).toEqual([
      ['stray', 'read', 'error'],
      ['end', undefined, 'fatal'],
    ]);
    expect(sentry.all()).not.toMatch(/alice|outside/);
    await sentry.stop();
  });
});

describe('the mirror of large answers, in a whole gateway', () => {
  it('holds no more memory after them than after the first hundreds', async () => {
    const gateway = mirrored;
    const port = Number(new URL(gateway.url).port);
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const headers = bearer('eve');
    const heldBytes = async (): Promise<number> => {
      const answer = await call(gateway.url, '/held', { headers: bearer('eve') });
      return (answer.json() as { data: { bytes: number } }).data.bytes;
    };
    const load = async (count: number): Promise<void> => {
      let left = count;
      const work = async (): Promise<void> => {
        // One of ten differs, each in another way: samples, fields and PHP's second answer are part of it.
        while (left-- > 0) {
          const heard = await hear(port, `/api/read.php?big=${left % 10 === 0 ? 'wrong' : 'same'}`, { agent, headers });
          expect(heard.status).toBe(200);
        }
      };
      await Promise.all(Array.from({ length: 4 }, work));
    };
    await load(200);
    const before = await heldBytes();
    await load(900);
    const after = await heldBytes();
    agent.destroy();
    const { mirror } = await explain(gateway);
    const compared = Object.values(mirror.classes).reduce((sum, count) => sum + count, 0);
    expect(compared).toBeGreaterThan(850);
    expect(mirror.classes['mismatch']).toBeGreaterThan(65);
    expect(mirror.samples.length).toBeLessThanOrEqual(20);
    process.stderr.write(
      `${compared} mirrored: ${Math.round((after - before) / 1024)} kB more are held than after the first 200\n`,
    );
    // Both answers of each kept would be 59 MB.
    expect(after - before).toBeLessThan(20_000_000);
  });
});
