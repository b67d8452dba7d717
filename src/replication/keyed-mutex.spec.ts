import { expect, it } from '@jest/globals';
import { KeyedMutex } from './keyed-mutex.js';

const refuse = (): Error => new Error('refused');

it('lets one in at a time for each key, in the order of asking', async () => {
  const mutex = new KeyedMutex(10, 60_000);
  const seen: string[] = [];
  const work = (name: string) => async (): Promise<void> => {
    seen.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(`${name} ends`);
  };
  await Promise.all([
    mutex.run('a', work('1'), refuse),
    mutex.run('b', work('x'), refuse),
    mutex.run('a', work('2'), refuse),
  ]);
  expect(seen.filter((line) => !line.startsWith('x'))).toEqual(['1 begins', '1 ends', '2 begins', '2 ends']);
  expect(seen.indexOf('x begins')).toBeLessThan(seen.indexOf('1 ends'));
});

it('goes on after work that throws', async () => {
  const mutex = new KeyedMutex(10, 60_000);
  const failing = mutex.run('a', () => Promise.reject(new Error('mine')), refuse);
  const next = mutex.run('a', () => Promise.resolve('next'), refuse);
  await expect(failing).rejects.toThrow('mine');
  expect(await next).toBe('next');
});

it('refuses who waits too long or comes as one too many, and lets those behind in all the same', async () => {
  const mutex = new KeyedMutex(2, 50);
  let end: () => void = () => undefined;
  const first = mutex.run('a', () => new Promise<void>((resolve) => (end = resolve)), refuse);
  const late = mutex.run('a', () => Promise.resolve('never'), refuse);
  const third = mutex.run('a', () => Promise.resolve('never'), refuse).catch(() => 'refused');
  await expect(mutex.run('a', () => Promise.resolve('never'), refuse)).rejects.toThrow('refused');
  await expect(late).rejects.toThrow('refused');
  expect(await third).toBe('refused');
  end();
  await first;
  expect(await mutex.run('a', () => Promise.resolve('in'), refuse)).toBe('in');
});
