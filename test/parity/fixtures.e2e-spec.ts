import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type Answer, type Fixture, replayFixtures, reportParity } from '../../src/experiment/index.js';
import { describeWith } from '../setup/parts.js';
import {
  answerKey,
  type HeardAnswers,
  identify,
  readFixtures,
  replayRules,
  ReplaySite,
} from '../support/replay-site.js';
import { speakTo, TRAFFIC } from './fixture-traffic.js';

// PHP, Postgres and the gateway have to start.
jest.setTimeout(120_000);

const FOLDER = resolve(import.meta.dirname, 'fixtures');
/** `RECORD_FIXTURES=1 npm test -- test/parity/fixtures` writes what is recorded, for a change that is meant. */
const WRITES = process.env['RECORD_FIXTURES'] === '1';
const DAY = /"at": "\d{4}-\d\d-\d\d"/;
const NATIVE = [
  'conversations.create',
  'conversations.delete',
  'conversations.list',
  'conversations.update',
  'settings.get',
  'settings.reset',
  'settings.set',
];

describeWith('postgres', 'the fixtures of PHP’s routes', (postgres) => {
  let site: ReplaySite;
  beforeAll(async () => {
    site = await ReplaySite.start(postgres);
  });
  afterAll(() => site.stop());

  it.each(TRAFFIC.map((traffic) => [traffic.name, traffic] as const))(
    'are what a recording of the same traffic is today: %s',
    async (name, { routes, keep, send }) => {
      const files = await site.record({ name, routes, keep }, () => countingCalls(site.gateway.url, send));
      if (WRITES) writeFixtures(routes, files);
      for (const { name: file, text } of files)
        expect(text.replace(DAY, '')).toBe(readFileSync(join(FOLDER, file), 'utf8').replace(DAY, ''));
      const known = routes.flatMap((route) => readdirSync(join(FOLDER, route)).map((file) => `${route}/${file}`));
      expect(files.map(({ name: file }) => file).toSorted()).toEqual(known.toSorted());
    },
  );

  it('hold for PHP behind the gateway, and cover every status that the routes’ policies lead to', async () => {
    const { report } = await site.replay(readFixtures(FOLDER), 'php');
    expect(report.routes.filter(({ n, match }) => match < n)).toEqual([]);
    expect(report.isParity).toBe(true);
    const missing = report.routes.flatMap(({ route, missingStatuses }) => missingStatuses.map((one) => [route, one]));
    // Its DTO names one field, of which anything is valid.
    expect(missing).toEqual([['settings.reset', 422]]);
  });

  describe('against the native handlers', () => {
    let heard: HeardAnswers;
    let fixtures: readonly Fixture[];

    it('hold for each route that has one', async () => {
      const all = readFixtures(FOLDER);
      const rules = await site.rulesOf(all);
      fixtures = all.filter(({ route }) => rules.get(route)?.arms.includes('native'));
      expect([...new Set(fixtures.map(({ route }) => route))].toSorted()).toEqual(expect.arrayContaining(NATIVE));
      const replayed = await site.replay(fixtures, 'native');
      heard = replayed.heard;
      expect(replayed.report.routes.filter(({ n, match }) => match < n)).toEqual([]);
      expect(replayed.report.isParity).toBe(true);
    });

    it('fail when one field of one answer is another: missing, extra, of another type, or of another value', async () => {
      const rules = await site.rulesOf(fixtures);
      const subjects = new Map(
        fixtures.map(({ recording }) => [recording, `native-${recording}-${performance.timeOrigin}`]),
      );
      let tampered = 0;
      for (const fixture of fixtures) {
        const own = heard.get(answerKey(fixture));
        if (own === undefined || own.body.byteLength === 0) continue;
        // The ones before it tell its variables.
        const before = fixtures.filter(({ recording, seq }) => recording === fixture.recording && seq <= fixture.seq);
        for (const body of tamperings(own.body, fixture.seq)) {
          const outcomes = await replayFixtures(before, {
            allowsWrites: true,
            ...replayRules(rules, 'native'),
            identify: (caller, recording) => identify(caller, subjects.get(recording) ?? ''),
            send: (_request, one) => Promise.resolve(one === fixture ? { ...own, body } : answered(heard, one)),
          });
          const { isParity, routes } = reportParity(outcomes, () => []);
          expect({
            body: body.toString(),
            isParity,
            differ: routes.reduce((sum, one) => sum + one.mismatched, 0),
          }).toEqual({
            body: body.toString(),
            isParity: false,
            differ: 1,
          });
          tampered += 1;
        }
      }
      expect(tampered).toBeGreaterThan(150);
    });
  });
});

async function countingCalls(url: string, send: (typeof TRAFFIC)[number]['send']): Promise<number> {
  const say = speakTo(url);
  let count = 0;
  await send((...args) => {
    count += 1;
    return say(...args);
  });
  return count;
}

function writeFixtures(routes: readonly string[], files: readonly { name: string; text: string }[]): void {
  for (const route of routes) rmSync(join(FOLDER, route), { recursive: true, force: true });
  for (const { name, text } of files) {
    mkdirSync(dirname(join(FOLDER, name)), { recursive: true });
    writeFileSync(join(FOLDER, name), text);
  }
}

function answered(heard: HeardAnswers, fixture: Fixture): Answer {
  const answer = heard.get(answerKey(fixture));
  if (answer === undefined) throw new Error(`nothing was heard of ${answerKey(fixture)}`);
  return answer;
}

type Path = readonly (string | number)[];

/** Bodies with one thing changed: some of the leaves of each, others in each fixture. */
function tamperings(body: Buffer, salt: number): Buffer[] {
  const document = JSON.parse(body.toString()) as unknown;
  const leaves = leavesOf(document, []).filter(([path]) => path[0] !== 'traceId');
  const chosen = leaves.filter((_, i) => leaves.length <= 4 || (i + salt) % Math.ceil(leaves.length / 4) === 0);
  return chosen.flatMap(([path, leaf], i) => {
    const kinds: unknown[] = [undefined, [leaf], otherThan(leaf)];
    const value = kinds[(i + salt) % kinds.length];
    return [Buffer.from(JSON.stringify(changed(document, path, value)))];
  });
}

function leavesOf(value: unknown, path: Path): [Path, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([name, member]) =>
    leavesOf(member, [...path, Array.isArray(value) ? Number(name) : name]),
  );
}

/** Of the same type; of a text a time stays none. */
function otherThan(leaf: unknown): unknown {
  if (typeof leaf === 'number') return leaf + 1;
  if (typeof leaf === 'boolean') return !leaf;
  return typeof leaf === 'string' ? `${leaf.slice(0, -1)}${leaf.endsWith('q') ? 'w' : 'q'}` : 'null';
}

/** A copy; undefined takes the member out. */
function changed(value: unknown, [at, ...rest]: Path, to: unknown): unknown {
  if (at === undefined) return to;
  if (Array.isArray(value))
    return value.flatMap((item, i) => {
      if (i !== at) return [item as unknown];
      const made = changed(item, rest, to);
      return made === undefined ? [] : [made];
    });
  return Object.fromEntries(
    Object.entries(value as object).flatMap(([name, member]) => {
      if (name !== at) return [[name, member as unknown]];
      const made = changed(member, rest, to);
      return made === undefined ? [] : [[name, made]];
    }),
  );
}
