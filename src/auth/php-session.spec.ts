import { describe, expect, it } from '@jest/globals';
import type { Identity } from './identity.js';
import type { ReplicatedMap } from '../state/index.js';
import { PhpSessions, readSessionAnswer } from './php-session.js';

/** What instances tell each other. */
function makeEnded(): ReplicatedMap {
  const ended = new Map<string, string>();
  return {
    get: (key) => ended.get(key),
    set: (key, value) => Promise.resolve(void ended.set(key, value)),
    catchUp: () => Promise.resolve(),
  };
}

const USER: Identity = { subject: 'u', roles: [], via: 'php-session' };

describe('PhpSessions', () => {
  it('does not let a late answer bring back a session that was dropped meanwhile', async () => {
    const answers: ((identity: Identity) => void)[] = [];
    const sessions = new PhpSessions('SID', () => new Promise((resolve) => answers.push(resolve)), makeEnded());
    const first = sessions.identify('c', 't');
    sessions.forget('c');
    answers[0]?.(USER);
    expect(await first).toBe(USER);
    void sessions.identify('c', 't');
    expect(answers).toHaveLength(2);
  });

  it('asks again after a failure', async () => {
    let calls = 0;
    const ask = () => (++calls === 1 ? Promise.reject(new Error('down')) : Promise.resolve(USER));
    const sessions = new PhpSessions('SID', ask, makeEnded());
    await expect(sessions.identify('c', 't')).rejects.toThrow('down');
    expect(await sessions.identify('c', 't')).toBe(USER);
    expect(calls).toBe(2);
  });

  it('does not remember what another instance has seen end', async () => {
    let calls = 0;
    const ended = makeEnded();
    const ask = () => Promise.resolve(++calls < 3 ? USER : undefined);
    const [here, there] = [new PhpSessions('SID', ask, ended), new PhpSessions('SID', ask, ended)];
    await here.identify('c', 't');
    await there.identify('c', 't');
    await there.identify('c', 't');
    expect(calls).toBe(2);
    here.forget('c');
    expect(await there.identify('c', 't')).toBeUndefined();
    expect(calls).toBe(3);
  });

  it('forgets here what it cannot tell the others', async () => {
    let calls = 0;
    const ended: ReplicatedMap = {
      get: () => undefined,
      set: () => Promise.reject(new Error('no state')),
      catchUp: () => Promise.resolve(),
    };
    const sessions = new PhpSessions('SID', () => Promise.resolve(++calls === 1 ? USER : undefined), ended);
    await sessions.identify('c', 't');
    sessions.forget('c');
    expect(await sessions.identify('c', 't')).toBeUndefined();
  });

  it('ends a session in every spelling of its id: what one has ended, another does not bring back', async () => {
    let calls = 0;
    const sessions = new PhpSessions('SID', () => Promise.resolve(++calls === 1 ? USER : undefined), makeEnded());
    expect(await sessions.identify('%61bc', 't')).toBe(USER);
    expect(await sessions.identify('a%62c', 't')).toBe(USER);
    expect(calls).toBe(1);
    sessions.forget('abc');
    expect(await sessions.identify('%61bc', 't')).toBeUndefined();
  });

  it('does not ask for a cookie that no session could have', async () => {
    const sessions = new PhpSessions('SID', () => Promise.reject(new Error('asked')), makeEnded());
    expect(await sessions.identify('x'.repeat(513), 't')).toBeUndefined();
  });
});

describe('readSessionAnswer', () => {
  it.each([
    [{ data: { authenticated: 'true', user: { id: 'u' } } }],
    [{ data: { authenticated: true, user: { id: '' } } }],
    [{ data: { authenticated: true, user: { id: 7 } } }],
    [{ data: { authenticated: true } }],
    [{ authenticated: true, user: { id: 'u' } }],
    [[]],
    [null],
  ])('finds nobody in %j', (answer) => {
    expect(readSessionAnswer(answer)).toBeUndefined();
  });

  it('takes only roles that are text', () => {
    expect(
      readSessionAnswer({ data: { authenticated: true, user: { id: 'u', roles: ['user', 7, null] } } })?.roles,
    ).toEqual(['user']);
  });
});
