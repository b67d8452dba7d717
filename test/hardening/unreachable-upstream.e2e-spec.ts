import { describe, expect, it } from '@jest/globals';
import { connect } from 'node:net';
import { Worker } from 'node:worker_threads';
import { FAR_TIME_MS, NOT_WAITED_MS } from '../support/elapsed.js';
import { eventually, settle } from '../support/eventually.js';
import { hear } from '../support/raw-client.js';
import { startRawUpstream } from '../support/raw-upstream.js';
import { startTestGateway } from '../support/test-gateway.js';
import { FAULT_TABLE, GOOD, says } from '../support/faulty-upstream.js';

/** Takes connections into its queue until that is full, then not even those: the thread never comes to accept one. */
async function startDeafListener(): Promise<{ readonly origin: string; stop(): Promise<void> }> {
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const server = require('node:net').createServer();
     server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
       parentPort.postMessage(server.address().port);
       Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
     });`,
    { eval: true, execArgv: [] },
  );
  const port = await new Promise<number>((resolve) => worker.once('message', resolve));
  let queued = 0;
  const fillers = Array.from({ length: 6 }, () =>
    connect(port, '127.0.0.1', () => queued++).on('error', () => undefined),
  );
  await eventually(() => queued > 0);
  await settle(50);
  return {
    origin: `http://127.0.0.1:${port}`,
    stop: async () => {
      for (const filler of fillers) filler.destroy();
      await worker.terminate();
    },
  };
}

describe('an upstream that cannot be reached', () => {
  it.each(['json', 'stream'])('answers 502 with Retry-After on /%s while nobody listens', async (route) => {
    const upstream = await startRawUpstream(says(GOOD));
    await upstream.stop();
    const gateway = await startTestGateway({ routes: FAULT_TABLE, phpTargets: [upstream.origin] });
    for (const method of ['GET', 'POST']) {
      const answer = await hear(gateway.port, `/${route}/x`, { method });
      expect(answer).toMatchObject({ status: 502, headers: { 'retry-after': '1' } });
      expect(JSON.parse(answer.body)).toMatchObject({ success: false, errorCode: 'UPSTREAM_BAD_ANSWER' });
      expect(answer.body).not.toContain('127.0.0.1');
    }
    await gateway.stop(0);
  });

  it('answers 504 when the connection cannot be made in time', async () => {
    const deaf = await startDeafListener();
    const gateway = await startTestGateway({
      routes: FAULT_TABLE.replace('timeoutMs: 900', `timeoutMs: ${FAR_TIME_MS}`),
      phpTargets: [deaf.origin],
    });
    for (const route of ['json', 'stream']) {
      const answer = await hear(gateway.port, `/${route}/x`, { method: 'POST', body: 'a=1' });
      expect(answer.status).toBe(504);
      expect(JSON.parse(answer.body)).toMatchObject({ errorCode: 'UPSTREAM_TIMEOUT' });
      expect(answer.ms).toBeGreaterThan(150);
      expect(answer.ms).toBeLessThan(NOT_WAITED_MS);
    }
    await gateway.stop(0);
    await deaf.stop();
  });

  it('tries a GET on another target when the first one cannot be connected in time', async () => {
    const deaf = await startDeafListener();
    const upstream = await startRawUpstream(says(GOOD));
    const routes = FAULT_TABLE.replace('timeoutMs: 900', `timeoutMs: ${FAR_TIME_MS}`);
    const gateway = await startTestGateway({ routes, phpTargets: [deaf.origin, upstream.origin] });
    const answers = await Promise.all(
      ['json', 'stream', 'json', 'stream'].map((route) => hear(gateway.port, `/${route}/x`)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    await gateway.stop(0);
    await Promise.all([upstream.stop(), deaf.stop()]);
  });
});
