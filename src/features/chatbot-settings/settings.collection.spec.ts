import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Transaction } from 'kysely';
import { resolve } from 'node:path';
import { describeWith, requirePart } from '../../../test/setup/parts.js';
import { type DatabaseBesideTests, startDatabase } from '../../../test/support/feature-database.js';
import { runPhp } from '../../../test/support/run-php.js';
import type { Tables } from '../../database/index.js';
import { MalformedDocumentError } from '../../replication/index.js';
import { readPhpJson, writePhpJson } from '../php-twin/index.js';
import { withDefaults } from './default-settings.js';
import { SETTINGS } from './settings.collection.js';

const AUTOLOAD = `require '${resolve(import.meta.dirname, '../../../legacy-php/lib/autoload.php')}';`;
const OWNER = 'a'.repeat(40);
const AT = '2026-11-23T10:00:00.000Z';

const value = fc.oneof(
  fc.constantFrom(
    '1',
    '1.0',
    '-0.0',
    '9007199254740993',
    'null',
    'true',
    '""',
    '"a/b"',
    '"\\u0000"',
    '"\\u2028"',
    '[]',
    '{}',
    '[1,"x"]',
  ),
  fc.constantFrom(
    '{"a":1}',
    '{"a":{"b":{}}}',
    '{"b":2.50}',
    '{"a":[]}',
    '{"0":"x"}',
    '{"1":"x"}',
    '{"tone":"dry","Zz":{"a":null}}',
    '{"faq":{}}',
  ),
);
const settings = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom('greeting', 'theme', 'profile', 'behavior', 'knowledge', 'integrations', 'language'),
      fc.oneof(
        value,
        fc
          .dictionary(fc.constantFrom('tone', 'maxHistory', 'faq', 'a', 'b'), value, { noNullPrototype: true })
          .map(object),
      ),
    ),
    { selector: ([name]) => name, minLength: 1, maxLength: 5 },
  )
  .map((members) => object(Object.fromEntries(members)));

function object(members: Readonly<Record<string, string>>): string {
  return `{${Object.entries(members)
    .map(([name, text]) => `"${name}":${text}`)
    .join(',')}}`;
}

describeWith('postgres', 'the settings of chatbots as rows', (postgres) => {
  let database: DatabaseBesideTests;
  beforeAll(async () => {
    database = await startDatabase(postgres);
  }, 60_000);
  afterAll(async () => database.stop());

  const within = <T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> => database.discarded(work);

  it.each([
    '[]',
    '{"greeting":"Hi \\u0000 \u2028"}',
    '{"behavior":{"a":1.0,"b":[],"c":9007199254740993},"theme":"dark"}',
  ])('say what PHP’s document says: %s', async (document) => {
    await within(async (trx) => {
      await SETTINGS.replace(trx, OWNER, '{"greeting":"before"}');
      await SETTINGS.replace(trx, OWNER, document);
      const { text } = SETTINGS.canonical(document);
      expect(SETTINGS.canonical(await SETTINGS.document(trx, OWNER)).text).toBe(text);
      expect(await SETTINGS.document(trx, 'b'.repeat(40))).toBeUndefined();
    });
  });

  it.each(['', 'null', '1', '"[]"', '{', '{"a":1', '{"a":"\\ud800"}', `{"a":${'['.repeat(64)}${']'.repeat(64)}}`])(
    'are left alone by what is no document: %s',
    async (document) => {
      await within(async (trx) => {
        await SETTINGS.replace(trx, OWNER, '{"greeting":"before"}');
        await expect(SETTINGS.replace(trx, OWNER, document)).rejects.toBeInstanceOf(MalformedDocumentError);
        expect(await SETTINGS.document(trx, OWNER)).toBe('{"greeting":"before"}');
      });
    },
  );

  it('are one and the same when nothing was ever set and when all was reset', async () => {
    expect(SETTINGS.canonical('[]')).toEqual(SETTINGS.canonical(undefined));
    expect(SETTINGS.canonical('{}')).toEqual({ text: '[]', items: 0 });
    await within(async (trx) => {
      expect(await SETTINGS.apply(trx, OWNER, { kind: 'reset', at: AT })).toEqual({ outcome: [], hasChanged: false });
      await SETTINGS.apply(trx, OWNER, { kind: 'merge', changes: '{"theme":"dark"}', at: AT });
      expect(await SETTINGS.apply(trx, OWNER, { kind: 'reset', at: AT })).toEqual({ outcome: [], hasChanged: true });
      expect(await SETTINGS.apply(trx, OWNER, { kind: 'reset', at: AT })).toEqual({ outcome: [], hasChanged: false });
      expect(await SETTINGS.document(trx, OWNER)).toBe('[]');
    });
  });

  const php = requirePart('php');
  describe('against PHP', () => {
    if (!php.isPresent) {
      it.todo(`left out: ${php.reason}`);
      return;
    }
    it('are merged, and shown over the defaults, as PHP does it', async () => {
      const runs = fc.sample(fc.array(settings, { minLength: 1, maxLength: 5 }), { numRuns: 200, seed: 42 });
      const script = `${AUTOLOAD}
        foreach ($in as $run) {
            $own = [];
            $said = [];
            foreach (explode("\\n", $run) as $changes) {
                $own = Donna\\Settings\\Defaults::merge($own, json_decode($changes, true, 32));
                $said[] = json_encode($own, FLAGS) . "\\t" . json_encode(Donna\\Settings\\Defaults::with($own), FLAGS);
            }
            out(implode("\\n", $said));
        }`;
      const expected = runPhp(
        php.path,
        script,
        runs.map((run) => run.join('\n')),
      );
      const merged = await within(async (trx) => {
        const all: string[] = [];
        for (const [index, run] of runs.entries()) {
          const said: string[] = [];
          for (const changes of run) {
            const owner = String(index).padStart(40, '0');
            const { outcome } = await SETTINGS.apply(trx, owner, { kind: 'merge', changes, at: AT });
            const kept = await SETTINGS.document(trx, owner);
            expect(kept).toBe(writePhpJson(outcome));
            const shown = withDefaults(readPhpJson(kept ?? '', { depth: 64, objectsAs: 'arrays' }) ?? null);
            said.push(`${kept}\t${writePhpJson(shown)}`);
          }
          all.push(said.join('\n'));
        }
        return all;
      });
      expect(merged).toEqual(expected);
    }, 60_000);
  });
});
