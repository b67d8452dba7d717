import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Transaction } from 'kysely';
import { resolve } from 'node:path';
import { describeWith, requirePart } from '../../../test/setup/parts.js';
import { type DatabaseBesideTests, startDatabase } from '../../../test/support/feature-database.js';
import { runPhp } from '../../../test/support/run-php.js';
import type { Tables } from '../../database/index.js';
import { MalformedDocumentError } from '../../replication/index.js';
import { conversationsView, latestFirst } from './conversation-rows.js';
import { type ConversationChange, CONVERSATIONS } from './conversations.collection.js';

const AUTOLOAD = `require '${resolve(import.meta.dirname, '../../../legacy-php/lib/autoload.php')}';`;
const OWNER = 'a'.repeat(40);
const OTHER = 'b'.repeat(40);

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }).filter((some) => !/\p{Surrogate}/u.test(some)),
  fc.constantFrom('', '\0', 'a\0b', '\u2028', '😀', 'é', "'; drop table conversation; --", '\\', '"'),
);
const moment = fc
  .integer({ min: Date.UTC(2024, 0), max: Date.UTC(2024, 0) + 40 })
  .map((ms) => new Date(ms).toISOString());
const anything = fc.constantFrom<unknown>(1, 'x', null, [1, 'y'], { a: [] }, 'a\0');
const message = fc.record(
  { role: fc.constantFrom('user', 'assistant'), content: text, later: anything },
  { requiredKeys: ['role', 'content'], noNullPrototype: true },
);
const conversation = fc.record(
  {
    id: fc.stringMatching(/^[a-z0-9._-]{1,12}$/),
    title: text,
    created_at: moment,
    updated_at: moment,
    last_message_at: fc.option(moment),
    message_count: fc.oneof(fc.nat(500), fc.constant(Number.MAX_SAFE_INTEGER)),
    status: fc.constantFrom('active', 'archived', 'closed'),
    last_message_preview: fc.option(text),
    metadata: fc.constantFrom('{}', '{"a":1.0,"b":{},"c":[]}', '{"n":9007199254740993,"z":"\\u0000"}'),
    messages: fc.array(message, { maxLength: 5 }),
    unknown: anything,
  },
  {
    requiredKeys: [
      ...(['id', 'title', 'created_at', 'updated_at', 'last_message_at', 'message_count', 'status'] as const),
      ...(['last_message_preview', 'metadata', 'messages'] as const),
    ],
    noNullPrototype: true,
  },
);
const documents = fc
  .uniqueArray(conversation, { selector: ({ id }) => id, maxLength: 6 })
  .map((conversations) => JSON.stringify({ conversations }));

const GOOD = {
  id: 'conv_1',
  title: 't',
  created_at: '2026-11-23T10:00:00.000Z',
  updated_at: '2026-11-23T10:00:00.001Z',
  last_message_at: null,
  message_count: 2,
  status: 'active',
  last_message_preview: null,
  metadata: '{}',
  messages: [{ role: 'user', content: 'hello' }],
};
const one = (changed: object): string => JSON.stringify({ conversations: [{ ...GOOD, ...changed }] });

describeWith('postgres', 'conversations as rows', (postgres) => {
  let database: DatabaseBesideTests;
  beforeAll(async () => {
    database = await startDatabase(postgres);
  }, 60_000);
  afterAll(async () => database.stop());

  const within = <T>(work: (trx: Transaction<Tables>) => Promise<T>): Promise<T> => database.discarded(work);

  it('say what any document says, whatever they said before, and nothing of another owner’s', async () => {
    await within(async (trx) => {
      await CONVERSATIONS.replace(trx, OTHER, one({}));
      await fc.assert(
        fc.asyncProperty(documents, async (document) => {
          await CONVERSATIONS.replace(trx, OWNER, document);
          const wanted = CONVERSATIONS.canonical(document);
          expect(CONVERSATIONS.canonical(await CONVERSATIONS.document(trx, OWNER))).toEqual(wanted);
          // A second time nothing is to change.
          await CONVERSATIONS.replace(trx, OWNER, document);
          expect(CONVERSATIONS.canonical(await CONVERSATIONS.document(trx, OWNER))).toEqual(wanted);
        }),
        { numRuns: 60, seed: 11 },
      );
      expect(await CONVERSATIONS.document(trx, OTHER)).toBe(one({}));
    });
  }, 60_000);

  it('are undone of a native change by the next document that lacks it', async () => {
    await within(async (trx) => {
      await CONVERSATIONS.replace(trx, OWNER, one({}));
      await CONVERSATIONS.apply(trx, OWNER, { kind: 'change', id: 'conv_1', title: 'native', at: GOOD.updated_at });
      await CONVERSATIONS.replace(trx, OWNER, one({}));
      expect(await CONVERSATIONS.document(trx, OWNER)).toBe(one({}));
    });
  });

  it.each([
    ['no JSON', '{'],
    ['a number', '1'],
    ['a list that is none', '{"conversations":1}'],
    ['a conversation that is none', '{"conversations":[1]}'],
    ['an empty conversation', '{"conversations":[{}]}'],
    ['no id', one({ id: undefined })],
    ['an id that is no id', one({ id: '../x' })],
    ['an id that is very long', one({ id: 'x'.repeat(65) })],
    ['two of one id', JSON.stringify({ conversations: [GOOD, GOOD] })],
    ['a title that is a number', one({ title: 1 })],
    ['a title that is null', one({ title: null })],
    ['a count with a fraction', one({}).replace('"message_count":2', '"message_count":2.0')],
    ['a moment without milliseconds', one({ updated_at: '2026-11-23T10:00:00Z' })],
    ['a moment in another zone', one({ updated_at: '2026-11-23T10:00:00.000+01:00' })],
    ['a moment that there was not', one({ updated_at: '2026-02-30T10:00:00.000Z' })],
    ['a moment that is null', one({ created_at: null })],
    ['messages that are no list', one({ messages: { a: 1 } })],
    ['a message without a role', one({ messages: [{ content: 'x' }] })],
    ['half a surrogate pair', one({}).replace('hello', '\\ud800')],
    ['what PHP reads no deeper', one({ unknown: JSON.parse(`${'['.repeat(64)}${']'.repeat(64)}`) as unknown })],
  ])('are left alone by a document with %s', async (_title, document) => {
    await within(async (trx) => {
      await CONVERSATIONS.replace(trx, OWNER, one({ title: 'before' }));
      await expect(CONVERSATIONS.replace(trx, OWNER, document)).rejects.toBeInstanceOf(MalformedDocumentError);
      expect(await CONVERSATIONS.document(trx, OWNER)).toBe(one({ title: 'before' }));
    });
  });

  it('are rewritten where a document differs and left where it does not', async () => {
    const second = { ...GOOD, id: 'conv_2' };
    await within(async (trx) => {
      const versions = async (): Promise<ReadonlyMap<string, string>> => {
        const { sql } = await import('kysely');
        const { rows } = await sql<{ id: string; at: string }>`select id, ctid::text as at from conversation`.execute(
          trx,
        );
        return new Map(rows.map(({ id, at }) => [id, at]));
      };
      await CONVERSATIONS.replace(trx, OWNER, JSON.stringify({ conversations: [GOOD, second] }));
      const before = await versions();
      const talked = { ...second, messages: [...second.messages, { role: 'assistant', content: 'hi' }] };
      await CONVERSATIONS.replace(trx, OWNER, JSON.stringify({ conversations: [GOOD, talked] }));
      const after = await versions();
      expect(after.get('conv_1')).toBe(before.get('conv_1'));
      expect(after.get('conv_2')).not.toBe(before.get('conv_2'));
    });
  });

  it('takes a document as large as PHP makes them', async () => {
    const messages = Array.from({ length: 100 }, (_, i) => ({
      role: i % 2 === 0 ? 'user' : 'assistant',
      content: `${i} ${'x'.repeat(200)}`,
    }));
    const conversations = Array.from({ length: 200 }, (_, i) => ({ ...GOOD, id: `conv_${i}`, messages }));
    const document = JSON.stringify({ conversations });
    await within(async (trx) => {
      await CONVERSATIONS.replace(trx, OWNER, document);
      expect(await CONVERSATIONS.document(trx, OWNER)).toBe(document);
    });
  }, 60_000);

  const php = requirePart('php');
  describe('against PHP', () => {
    if (!php.isPresent) {
      it.todo(`left out: ${php.reason}`);
      return;
    }

    /** What PHP makes of the same changes, one after the other. */
    const inPhp = (runs: readonly (readonly ConversationChange[])[]): string[][] =>
      runPhp(
        php.path,
        `${AUTOLOAD}
        $collection = new Donna\\Replication\\ReplicatedConversations();
        foreach ($in as $run) {
            $document = $collection->emptyDocument();
            $said = [];
            foreach (json_decode($run, true) as $change) {
                if (!$collection->isChange($change)) { $said[] = 'no change'; continue; }
                $document = $collection->apply($document, $change);
                $said[] = json_encode($document, FLAGS);
            }
            out(implode("\\n", $said));
        }`,
        runs.map((run) => JSON.stringify(run)),
      ).map((said) => said.split('\n'));

    const here = async (
      trx: Transaction<Tables>,
      owner: string,
      run: readonly ConversationChange[],
      from = 0,
    ): Promise<string[]> => {
      const said: string[] = [];
      for (const [index, change] of run.entries()) {
        await CONVERSATIONS.apply(trx, owner, change);
        if (index >= from) said.push(CONVERSATIONS.canonical(await CONVERSATIONS.document(trx, owner)).text);
      }
      return said;
    };

    it('are changed as PHP changes its document', async () => {
      const ids = fc.constantFrom('conv_1', 'conv_2', 'conv_3', 'conv_4');
      const title = fc.constantFrom('one', 'two', 'drei ü', '\u2028');
      const metadata = fc.constantFrom('{}', '{"a":1.0}', '{"b":{}}');
      const change: fc.Arbitrary<ConversationChange> = fc.oneof(
        fc.record({ kind: fc.constant('create'), id: ids, title, metadata, at: moment }, { noNullPrototype: true }),
        fc.record(
          { kind: fc.constant('change'), id: ids, title, status: fc.constant('closed'), metadata, at: moment },
          { noNullPrototype: true, requiredKeys: ['kind', 'id', 'at', 'title'] },
        ),
        fc.record({ kind: fc.constant('remove'), id: ids, at: moment }, { noNullPrototype: true }),
      );
      const runs = fc.sample(fc.array(change, { minLength: 1, maxLength: 12 }), { numRuns: 60, seed: 5 });
      const expected = inPhp(runs).map((run) => run.map((document) => CONVERSATIONS.canonical(document).text));
      const changed = await within(async (trx) => {
        const all: string[][] = [];
        for (const [index, run] of runs.entries()) all.push(await here(trx, String(index).padStart(40, '0'), run));
        return all;
      });
      expect(changed).toEqual(expected);
    }, 60_000);

    it('are bounded to 200 as PHP bounds them, those of the same millisecond included', async () => {
      const at = (ms: number): string => new Date(Date.UTC(2026, 0) + ms).toISOString();
      const create = (index: number, ms: number): ConversationChange => ({
        kind: 'create',
        id: `conv_${index}`,
        title: `${index}`,
        metadata: '{}',
        at: at(ms),
      });
      const run: ConversationChange[] = [
        // Not in the order of their time, and many at the same.
        ...Array.from({ length: 200 }, (_, i) => create(i, (i * 7) % 50)),
        { kind: 'change', id: 'conv_3', title: 'changed', at: at(100) },
        create(200, 101),
        { kind: 'change', id: 'conv_77', status: 'closed', at: at(102) },
        { kind: 'remove', id: 'conv_5', at: at(103) },
        create(201, 104),
        create(202, 105),
        // Older than all: gone as soon as it is made.
        create(203, 0),
        create(204, 106),
      ];
      const [expected = []] = inPhp([run]);
      await within(async (trx) => {
        // What stands there before the bound is met, the test before this one has seen.
        const from = 199;
        const bounded = expected.slice(from).map((document) => CONVERSATIONS.canonical(document).text);
        expect(await here(trx, OWNER, run, from)).toEqual(bounded);
        const rows = await conversationsView(trx, OWNER).execute();
        const listed = rows.toSorted(latestFirst).map(({ id }) => id);
        expect(listed).toHaveLength(200);
        expect(listed.slice(0, 5)).toEqual(['conv_204', 'conv_202', 'conv_201', 'conv_77', 'conv_200']);
      });
    }, 60_000);
  });
});
