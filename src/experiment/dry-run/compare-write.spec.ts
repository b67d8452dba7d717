import { describe, expect, it, jest } from '@jest/globals';
import { eventually } from '../../../test/support/eventually.js';
import { Link, PeerDesk } from '../../workers/index.js';
import type { Answer } from '../compare/answer.js';
import type { Observation } from '../compare/observation.js';
import { compareWrite, compileAnswerRules } from './compare-write.js';
import { concludeWrite } from './conclude-write.js';
import { OwnerWrites } from '../mirror/owner-writes.js';

const DECLARATION = {
  collection: 'notes',
  generated: ['/data/id', '/data/at'],
  generatedEffects: ['/notes/*/at'],
} as const;
const OWNER = { canonical: (document: string | undefined): string => document ?? '{"notes":[]}' };
const ID = { control: 'note_0123456789abcdef01234567', candidate: 'note_fedcba9876543210fedcba98' };
const AT = {
  old: '2026-01-01T00:00:00.000Z',
  control: '2026-11-23T10:00:00.100Z',
  candidate: '2026-11-23T10:00:00.900Z',
};

interface Note {
  readonly id: string;
  readonly at: string;
  readonly text?: string;
}

const OLD: Note = { id: 'note_old', at: AT.old, text: 'old' };
const noteOf = (side: 'control' | 'candidate', more: Partial<Note> = {}): Note => ({
  id: ID[side],
  at: AT[side],
  text: 'new',
  ...more,
});
const documentOf = (...notes: readonly Note[]): string => JSON.stringify({ notes });
const answerOf = (data: object, status = 201): Answer => ({
  status,
  headers: [],
  body: Buffer.from(JSON.stringify({ success: true, data })),
  contentType: 'application/json',
  ms: 1,
});

/** What is found when the candidate would leave `left`. */
const find = (
  left: string,
  candidate: object = noteOf('candidate'),
  after = documentOf(OLD, noteOf('control')),
  before = documentOf(OLD),
): Observation =>
  compareWrite(
    {
      control: answerOf(noteOf('control')),
      candidate: answerOf(candidate),
      effects: { before, after },
      left,
    },
    compileAnswerRules({}, DECLARATION),
    OWNER,
    DECLARATION,
    Date.now(),
  );
const fieldsOf = ({ differences }: Observation): readonly string[] => differences.map(({ field }) => field);

describe('the comparison of a write', () => {
  it('is a match where ids and times differ as made by each side, and the id in the data is the one that was answered', () => {
    const observation = find(documentOf(OLD, noteOf('candidate')));
    expect([observation.class, observation.noise, fieldsOf(observation)]).toEqual(['match', 3, []]);
    expect(observation.fields.map(({ field }) => field)).toContain('effects:/notes/*/text');
  });

  it.each([
    ['a value in the data alone', documentOf(OLD, noteOf('candidate', { text: 'x' })), ['effects:/notes/*/text']],
    [
      'an id that was not answered',
      documentOf(OLD, noteOf('candidate', { id: 'note_aaaaaaaaaaaaaaaaaaaaaaa1' })),
      ['effects:/notes/*/id'],
    ],
    ['an id of another form', documentOf(OLD, noteOf('candidate', { id: '17' })), ['effects:/notes/*/id']],
    [
      'a time of another form',
      documentOf(OLD, noteOf('candidate', { at: '2026-11-23T10:00:00Z' })),
      ['effects:/notes/*/at'],
    ],
    [
      'a time that is an hour off',
      documentOf(OLD, noteOf('candidate', { at: '2026-11-23T11:00:00.900Z' })),
      ['effects:/notes/*/at'],
    ],
    ['a time that was not set anew', documentOf(OLD, noteOf('candidate', { at: AT.old })), ['effects:/notes/*/at']],
    [
      'a time of what the write is not about',
      documentOf({ ...OLD, at: AT.candidate }, noteOf('candidate')),
      ['effects:/notes/*/at'],
    ],
    ['something that was not written', documentOf(OLD), ['effects:/notes/*']],
    ['something that was lost', documentOf(noteOf('candidate')), ['effects:/notes/*/id']],
    [
      'something that was written twice',
      documentOf(OLD, noteOf('candidate'), noteOf('candidate')),
      ['effects:/notes/*'],
    ],
  ])('finds %s', (_what, left, fields) => {
    const observation = find(left);
    expect([observation.class, fieldsOf(observation)]).toEqual(['mismatch', expect.arrayContaining(fields)]);
    expect(JSON.stringify(observation.differences)).not.toContain(ID.candidate);
  });

  it('finds a write where PHP wrote nothing', () => {
    expect(fieldsOf(find(documentOf(OLD, noteOf('candidate')), noteOf('candidate'), documentOf(OLD)))).toEqual([
      'effects:/notes/*',
    ]);
  });

  // Regression: two writes that met in one millisecond made the later one's time look like an old one.
  it('is a match where PHP made a time that stood there already, and finds the others in it all the same', () => {
    const met: Note = { id: 'note_met', at: AT.control };
    const [before, after] = [documentOf(OLD, met), documentOf(OLD, met, noteOf('control'))];
    const right = find(documentOf(OLD, met, noteOf('candidate')), noteOf('candidate'), after, before);
    expect([right.class, fieldsOf(right)]).toEqual(['match', []]);
    const stale = find(documentOf(OLD, met, noteOf('candidate', { at: AT.old })), noteOf('candidate'), after, before);
    expect([stale.class, fieldsOf(stale)]).toEqual(['mismatch', ['effects:/notes/*/at']]);
    const touched = documentOf({ ...OLD, at: AT.candidate }, met, noteOf('candidate'));
    expect(fieldsOf(find(touched, noteOf('candidate'), after, before))).toEqual(['effects:/notes/*/at']);
  });

  it('finds an answer that is wrong though the data are right', () => {
    const observation = find(documentOf(OLD, noteOf('candidate')), noteOf('candidate', { text: 'x' }));
    expect(fieldsOf(observation)).toEqual(['/data/text']);
  });

  it('refuses a declaration that names no field', () => {
    expect(() => compileAnswerRules({}, { collection: 'notes', generated: ['id'] })).toThrow(RangeError);
  });
});

describe('what a write came to', () => {
  const conclude = (
    facts: { isRaced?: boolean; hasEffects?: boolean; control?: Answer },
    answer = answerOf(noteOf('candidate')),
  ) =>
    concludeWrite(
      {
        control: facts.control ?? answerOf(noteOf('control')),
        effects:
          facts.hasEffects === false
            ? undefined
            : {
                before: documentOf(OLD),
                after: documentOf(OLD, noteOf('control')),
                hasWritten: true,
                isOvertaken: false,
              },
        isRaced: facts.isRaced ?? false,
      },
      { kind: 'tried', answer, left: documentOf(OLD, noteOf('candidate', { text: 'wrong' })), outbound: [] },
      { rules: compileAnswerRules({}, DECLARATION), declaration: DECLARATION },
      OWNER,
      Date.now(),
    );

  it.each([
    ['a mismatch', {}, 'mismatch', undefined],
    ['nothing where somebody else wrote, too', { isRaced: true }, 'not-comparable', 'raced'],
    ['nothing where PHP does not tell what it did', { hasEffects: false }, 'not-comparable', 'no-effects'],
    ['nothing where PHP failed', { control: answerOf({}, 503) }, 'not-comparable', 'control-failed'],
  ] as const)('is %s', (_what, facts, kind, reason) => {
    const { class: found, reason: why } = conclude(facts);
    expect([found, why]).toEqual([kind, reason]);
  });
});

/** The links of two workers of one primary. */
function twoWorkers(): readonly Link[] {
  const desk = new PeerDesk();
  const ends: Link[] = [];
  return [1, 2].map(() => {
    const worker: Link = new Link((message) => setImmediate(() => primary.receive(message)));
    const primary: Link = new Link((message) => setImmediate(() => worker.receive(message)));
    ends.push(primary);
    desk.serve(primary, () => ends);
    return worker;
  });
}

describe('writes of one owner', () => {
  it('are raced when another begins while they are compared, or was under way, and not by one of another owner', () => {
    const writes = new OwnerWrites();
    const ends = [writes.begin(['a'])];
    const first = writes.compare('a', 1);
    expect(first.isRaced).toBe(false);
    ends.push(writes.begin(['b']));
    expect(first.isRaced).toBe(false);
    ends.push(writes.begin(['b', 'a']));
    expect([first.isRaced, writes.compare('a', 1).isRaced, writes.compare('b', 1).isRaced]).toEqual([true, true, true]);
    for (const end of ends) {
      end();
      end();
    }
    writes.begin(['a']);
    expect(writes.compare('a', 1).isRaced).toBe(false);
  });

  it('are raced by those of another worker as well, for as long as that one says or might live', async () => {
    const [here, there] = twoWorkers().map((link) => new OwnerWrites(link));
    const read = here?.compare('a', 0);
    const isBusy = (key: string): boolean | undefined => here?.compare(key, 0).isRaced;
    const ends = there?.begin(['a', 'b']);
    await eventually(() => read?.isRaced === true);
    expect([isBusy('a'), isBusy('b'), isBusy('c')]).toEqual([true, true, false]);
    ends?.();
    await eventually(() => isBusy('a') === false);
    expect(isBusy('b')).toBe(false);
    // Of one that has died nobody hears the end.
    there?.begin(['dead']);
    await eventually(() => isBusy('dead') === true);
    const passed = jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_001);
    there?.begin(['b']);
    await eventually(() => isBusy('b') === true);
    passed.mockRestore();
    expect(isBusy('dead')).toBe(false);
  });
});
