import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StageSnapshot } from './stage-snapshot.js';

const OVERRIDE = {
  route: 'conversations.list',
  stage: 'canary',
  weight: 10,
  by: 'eve',
  reason: 'first callers',
  at: '2026-11-23T08:00:00.000Z',
} as const;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stage-snapshot-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the snapshot of the overrides', () => {
  it('gives back what was written, privately and without drafts', () => {
    const snapshot = new StageSnapshot(join(folder, '.data', 'stages.json'));
    snapshot.write([OVERRIDE]);
    expect(snapshot.read()).toEqual([OVERRIDE]);
    expect(readdirSync(join(folder, '.data'))).toEqual(['stages.json']);
    expect(statSync(join(folder, '.data', 'stages.json')).mode & 0o777).toBe(0o600);
  });

  it('is not trusted while a change is under way', () => {
    const snapshot = new StageSnapshot(join(folder, 'stages.json'));
    snapshot.write([OVERRIDE]);
    snapshot.markUnfinished();
    expect(snapshot.read()).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['half of it', '{"version":1,"isFinished":true,"overr'],
    ['null', 'null'],
    ['another version', JSON.stringify({ version: 2, isFinished: true, overrides: [] })],
    ['no list', JSON.stringify({ version: 1, isFinished: true, overrides: {} })],
    [
      'an unknown stage',
      JSON.stringify({ version: 1, isFinished: true, overrides: [{ ...OVERRIDE, stage: 'native' }] }),
    ],
    ['a weight of 1000', JSON.stringify({ version: 1, isFinished: true, overrides: [{ ...OVERRIDE, weight: 1000 }] })],
    ['an override of nothing', JSON.stringify({ version: 1, isFinished: true, overrides: [null] })],
  ])('is not trusted when it holds %s', (_name, text) => {
    const file = join(folder, 'stages.json');
    writeFileSync(file, text);
    expect(new StageSnapshot(file).read()).toBeUndefined();
  });

  it('is not there before anything was written', () => {
    expect(new StageSnapshot(join(folder, 'stages.json')).read()).toBeUndefined();
  });
});
