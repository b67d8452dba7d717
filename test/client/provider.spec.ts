import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { makeAccessToken } from '../../src/auth/index.js';
import { type ProviderStub, startProviderStub } from '../../src/providers/index.js';
import { eventually } from '../support/eventually.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';
import { VoicePage } from './support/voice-page.js';

let stub: ProviderStub;
let direct: TestGateway;
let round: TestGateway;
let page: VoicePage | undefined;

beforeAll(async () => {
  stub = await startProviderStub({ realtime: { pace: 10, thinkMs: 20 } });
  const parts = { phpTargets: ['http://127.0.0.1:9'], stubOrigin: stub.origin };
  direct = await startTestGateway(parts);
  round = await startTestGateway({ ...parts, env: { ENABLE_WS_PROXY: 'true' } });
});
afterEach(() => page?.session.close());
afterAll(async () => {
  await round.stop();
  await direct.stop();
  await stub.stop();
});

function open(gateway: TestGateway, isBlocked = false): VoicePage {
  const accessToken = async () => makeAccessToken(JWT_SECRET, { subject: 'anna', roles: ['user'], lifeS: 60 });
  const opened = new VoicePage({ origin: gateway.url, sockets: [] }, { accessToken, csrfToken: undefined });
  if (isBlocked) opened.environment.blockSockets('/openai/');
  page = opened;
  return opened;
}

/** Asks something in writing; resolves to what Donna says when she has said it. */
async function ask(talk: VoicePage, text: string): Promise<string> {
  const before = talk.of('transcript').length;
  talk.session.say(text);
  let answer = '';
  await eventually(() => {
    const told = talk.of('transcript').slice(before);
    answer = told.find(({ role, isFinal }) => role === 'assistant' && isFinal)?.text ?? '';
    return answer !== '';
  });
  await eventually(() => {
    talk.environment.audio.context.playUntil(1e6);
    return talk.session.state === 'ready';
  });
  return answer;
}

describe.each([
  ['straight to the provider', () => open(direct), 'direct'],
  ['through the gateway', () => open(round, true), 'proxy'],
] as const)('a talk %s, with the stand-in', (_, openPage, path) => {
  it('is one of writing and speaking', async () => {
    const talk = openPage();
    await talk.session.connect();
    expect(talk.of('latency').at(-1)).toMatchObject({ name: 'connect', path });
    expect(await ask(talk, 'Hello')).toMatch(/\w{3}/);
    await talk.speak(50); // two seconds
    await eventually(() =>
      talk.of('transcript').some(({ role, isFinal, itemId }) => role === 'user' && isFinal && itemId !== ''),
    );
    await eventually(() => talk.session.state === 'speaking');
    expect(talk.errors).toEqual([]);
  });

  it('is interrupted without a complaint', async () => {
    const talk = openPage();
    await talk.session.connect();
    talk.session.say('Tell me all about your prices');
    await eventually(() => talk.session.state === 'speaking');
    talk.environment.audio.context.playUntil(0.1);
    await talk.session.startTalking();
    expect(talk.session.state).toBe('listening');
    await talk.session.stopTalking();
    expect(await ask(talk, 'Thank you')).toMatch(/\w{3}/);
    expect(talk.errors).toEqual(['too_short']);
  });

  it('goes on after a cut mid-sentence', async () => {
    const talk = openPage();
    await talk.session.connect();
    talk.session.say('Break #stub:cut');
    await talk.until('reconnecting');
    await talk.passPause();
    await eventually(() => talk.session.state === 'speaking');
    expect(await ask(talk, 'Hello again')).toMatch(/\w{3}/);
    expect(talk.errors).toEqual([]);
  });

  it('goes on when the session has run out, and asks nothing for ever', async () => {
    const talk = openPage();
    await talk.session.connect();
    talk.session.say('Run out #stub:expire');
    for (const _ of [1, 2, 3]) await talk.passPause();
    await talk.until('ready');
    expect(talk.errors).toEqual(['answer_failed']);
    expect(await ask(talk, 'Hello again')).toMatch(/\w{3}/);
  });
});
