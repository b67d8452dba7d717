import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { WebSocket } from 'ws';
import { eventually, settle } from '../support/eventually.js';
import { type RealtimeSite, startRealtimeSite } from '../support/realtime-site.js';

const NO_RATE = { messagesPerS: 1e9, messageBurst: 1e9 };
const FRAMES = 10_000;

/** The number that a frame carries. */
function numberOf(frame: string): number {
  return Number(/"n":(\d+)/.exec(frame)?.[1]);
}

/** Stops reading now and then, always at the same frames. */
function readByFits(socket: WebSocket, seed: number): () => void {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    if (state % 97 !== 0) return;
    socket.pause();
    setTimeout(() => socket.resume(), (state >>> 8) % 5);
  };
}

describe('the relay of /realtime', () => {
  it('keeps 10,000 frames each way whole and in order, while both sides pause as they like', async () => {
    const up: number[] = [];
    let pauseUpstream = (): void => undefined;
    const site = await startRealtimeSite({
      // Low marks, so that each side is held many times.
      limits: { ...NO_RATE, highWaterBytes: 8192, lowWaterBytes: 1024, highWaterFrames: 64 },
      onFrame: (_session, frame) => {
        up.push(numberOf(frame));
        pauseUpstream();
      },
    });
    site.upstream.isCounting = true;
    const { client, session } = await site.connect({ drop: ['response.output_audio.delta'] });
    const down: number[] = [];
    const pauseClient = readByFits(client.socket, 7);
    pauseUpstream = readByFits(session.socket, 11);
    client.socket.on('message', (data: Buffer) => {
      const frame = data.toString();
      if (!frame.startsWith('{"type":"response.output_audio.delta"')) return;
      down.push(numberOf(frame));
      pauseClient();
    });
    for (let n = 0; n < FRAMES; n += 1) {
      const padding = 'x'.repeat((n * 37) % 200);
      client.send(`{"type":"input_audio_buffer.append","n":${n},"audio":"${padding}"}`);
      session.socket.send(`{"type":"response.output_audio.delta","n":${n},"delta":"${padding}"}`);
      if (n % 500 === 0) await new Promise((next) => setImmediate(next));
    }
    await eventually(() => up.length >= FRAMES && down.length >= FRAMES, 60_000);
    const expected = Array.from({ length: FRAMES }, (_, n) => n);
    expect(up).toEqual(expected);
    expect(down).toEqual(expected);
    client.leave();
    await site.stop();
  }, 90_000);

  it('lets one client’s flood delay nobody: its frames take turns with theirs', async () => {
    let flooded = 0;
    let atQuiet: number | undefined;
    const site = await startRealtimeSite({
      limits: NO_RATE,
      onFrame: (_session, frame) => {
        if (frame.includes('quiet')) atQuiet = flooded;
        else flooded += 1;
      },
    });
    site.upstream.isCounting = true;
    const { client: quiet } = await site.connect();
    const { client: flooder } = await site.connect();
    const TOTAL = 30_000;
    for (let i = 0; i < TOTAL; i += 1) flooder.send('{"type":"input_audio_buffer.clear"}');
    await eventually(() => flooded > 100);
    const before = flooded;
    quiet.send('{"type":"response.cancel","event_id":"quiet"}');
    await eventually(() => atQuiet !== undefined);
    // One read of the flood's socket holds 1,700 of its frames: they have not all been taken before the one of the other.
    expect((atQuiet ?? TOTAL) - before).toBeLessThan(1000);
    expect(flooded).toBeLessThan(TOTAL);
    await eventually(() => flooded === TOTAL, 30_000);
    await site.stop();
  }, 60_000);

  it('does not give up a client that takes it slowly', async () => {
    const site = await startRealtimeSite({ limits: { stallMs: 5000 } });
    const { client, session } = await site.connect();
    let taken = 0;
    client.socket.on('message', () => {
      taken += 1;
      client.socket.pause();
      setTimeout(() => client.socket.resume(), 20);
    });
    for (let i = 0; i < 60; i += 1)
      session.socket.send(`{"type":"response.output_audio.delta","delta":"${'x'.repeat(200_000)}"}`);
    await eventually(() => taken >= 60, 40_000);
    expect([client.closed, session.closed]).toEqual([undefined, undefined]);
    await site.stop();
  }, 60_000);

  it('lets a client go that does not read why its connects are refused', async () => {
    const site = await startRealtimeSite({ limits: NO_RATE });
    const { client, session } = await site.connect();
    client.socket.pause();
    for (let batch = 0; batch < 200 && session.closed === undefined; batch += 1) {
      for (let i = 0; i < 500; i += 1) client.send('{"type":"connect"}');
      await settle(5);
    }
    await eventually(() => session.closed !== undefined);
    client.leave();
    await site.stop();
  }, 60_000);

  describe('that stands still', () => {
    let site: RealtimeSite;
    beforeAll(async () => {
      site = await startRealtimeSite({ limits: { ...NO_RATE, stallMs: 400 } });
    });
    afterAll(() => site.stop());
    const big = (type: string): string => `{"type":"${type}","audio":"${'x'.repeat(200_000)}"}`;

    it('gives up a provider that takes nothing', async () => {
      const { client, session } = await site.connect();
      session.socket.pause();
      for (let i = 0; i < 150; i += 1) client.send(big('input_audio_buffer.append'));
      expect((await client.next('upstream_closed'))['code']).toBe(1006);
      expect(client.closed).toBeUndefined();
      client.leave();
    });

    it('gives up a client that takes nothing', async () => {
      const { client, session } = await site.connect();
      client.socket.pause();
      for (let i = 0; i < 150; i += 1) session.socket.send(big('response.output_audio.delta'));
      await eventually(() => session.closed !== undefined || session.socket.readyState !== 1);
      client.leave();
    });
  });
});
