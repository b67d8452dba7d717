import { describe, expect, it } from '@jest/globals';
import {
  type Answer,
  type Check,
  compareAnswers,
  compileRules,
  decide,
  DEFAULT_POLICY,
  EvidenceLog,
  FieldStats,
  type Reason,
  type Verdict,
} from '../index.js';

const { imul } = Math;
const EXPECTED = { statuses: [200], actions: [] };

function answer(body: string, ms: number, status = 200): Answer {
  return { status, headers: [], body: Buffer.from(body), contentType: 'application/json', ms };
}

interface Mirrored {
  readonly count: number;
  readonly differs?: (at: number) => boolean;
  readonly candidateMs?: (at: number) => number;
  readonly status?: (at: number) => number;
  readonly action?: (at: number) => string;
  readonly expiresAt?: number;
}

function mirror({ count, differs, candidateMs, status, action, expiresAt }: Mirrored): EvidenceLog {
  const log = new EvidenceLog();
  const ignore = expiresAt === undefined ? [] : [{ pointer: '/old', reason: 'known', expiresAt }];
  const rules = compileRules({ ignore });
  for (let at = 0; at < count; at += 1) {
    const control = answer('{"n":1}', 10 + (at % 20), status?.(at));
    const body = differs?.(at) === true ? '{"n":2}' : '{"n":1}';
    const candidate = answer(body, candidateMs?.(at) ?? 10 + (at % 20), status?.(at));
    log.observe(compareAnswers(control, candidate, rules, 1000), action?.(at));
  }
  return log;
}

function canary(count: number, isError: (at: number) => boolean, candidateMs = 10): EvidenceLog {
  const log = new EvidenceLog();
  for (let at = 0; at < count; at += 1) {
    log.served('control', { isError: at % 500 === 250, status: at % 500 === 250 ? 502 : 200, ms: 10 + (at % 7) });
    log.served('candidate', { isError: isError(at), status: isError(at) ? 500 : 200, ms: candidateMs + (at % 7) });
  }
  return log;
}

function reason(verdict: Verdict, check: Check): Reason | undefined {
  return verdict.reasons.find((entry) => entry.check === check);
}

function open(verdict: Verdict): string[] {
  return verdict.reasons.filter(({ outcome }) => outcome !== 'pass').map(({ check, outcome }) => `${check} ${outcome}`);
}

describe('decide, in mirror', () => {
  it('promotes after 3000 comparisons without a difference', () => {
    const verdict = decide({ stage: 'mirror', log: mirror({ count: 3000 }), expected: EXPECTED });
    expect(open(verdict)).toEqual([]);
    expect(verdict.action).toBe('promote');
    expect(reason(verdict, 'mismatch')?.evidence).toMatchObject({ differed: 0, compared: 3000, ruleOfThree: 0.001 });
    expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
  });

  it.each<[string, Mirrored, { statuses: number[]; actions: string[] }, string[]]>([
    ['2999 comparisons', { count: 2999 }, EXPECTED, ['samples wait']],
    ['one difference in 3000', { count: 3000, differs: (at) => at === 17 }, EXPECTED, ['mismatch wait']],
    ['one difference in a hundred', { count: 3000, differs: (at) => at % 100 === 0 }, EXPECTED, ['mismatch fail']],
    ['a status that was not met', { count: 3000 }, { statuses: [200, 404], actions: [] }, ['coverage wait']],
    [
      'an action that was not met',
      { count: 3000, action: () => 'send' },
      { statuses: [], actions: ['send', 'stats'] },
      ['coverage wait'],
    ],
    [
      'a candidate that is four times as slow',
      { count: 3000, candidateMs: (at) => 100 + (at % 20) },
      EXPECTED,
      ['latency fail'],
    ],
    ['a slow tail', { count: 3000, candidateMs: (at) => (at % 10 === 0 ? 400 : 10) }, EXPECTED, ['latency fail']],
    ['an ignore rule past its day', { count: 3000, expiresAt: 1000 }, EXPECTED, ['rules wait']],
  ])('holds with %s', (_name, mirrored, expected, left) => {
    const verdict = decide({ stage: 'mirror', log: mirror(mirrored), expected });
    expect(open(verdict)).toEqual(left);
    expect(verdict.action).toBe('hold');
  });

  it('holds where nothing was seen, and says what is missing', () => {
    const verdict = decide({ stage: 'mirror', log: new EvidenceLog(), expected: EXPECTED });
    expect(open(verdict)).toEqual(['samples wait', 'mismatch wait', 'errors wait', 'latency wait', 'coverage wait']);
    for (const { text } of verdict.reasons) expect(text).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('names the fields that differ', () => {
    const verdict = decide({
      stage: 'mirror',
      log: mirror({ count: 500, differs: (at) => at < 9 }),
      expected: EXPECTED,
    });
    expect(reason(verdict, 'mismatch')?.evidence['worstFields']).toEqual(['/n (9)']);
  });

  it('does not count as proof what could not be compared', () => {
    const log = mirror({ count: 3000 });
    const rules = compileRules();
    for (let at = 0; at < 400; at += 1) {
      log.observe(compareAnswers(answer('', 9, 502), answer('{}', 9), rules, 0));
    }
    expect(open(decide({ stage: 'mirror', log, expected: EXPECTED }))).toEqual(['comparable wait']);
    expect(log.comparable).toBe(3000);
  });

  it('promotes a candidate whose answers differ twice as often as they may in less than one case of ten, though it is asked every time', () => {
    let state = 1;
    const random = (): number => {
      state = (imul(state, 1_664_525) + 1_013_904_223) | 0;
      return (state >>> 0) / 4_294_967_296;
    };
    const limit = 0.01;
    const policy = { ...DEFAULT_POLICY, minSamples: 300, maxMismatchRate: limit };
    const observations = [false, true].map((differs) =>
      compareAnswers(answer('1', 5), answer(differs ? '2' : '1', 5), compileRules(), 0),
    );
    let promoted = 0;
    for (let run = 0; run < 60; run += 1) {
      const log = new EvidenceLog();
      for (let at = 1; at <= 1500; at += 1) {
        const observation = observations[random() < limit * 2 ? 1 : 0];
        if (observation !== undefined) log.observe(observation);
        if (at < 300 || at % 20 !== 0) continue;
        if (decide({ stage: 'mirror', log, expected: EXPECTED }, policy).action !== 'promote') continue;
        promoted += 1;
        break;
      }
    }
    expect(promoted / 60).toBeLessThan(0.1);
  });
});

describe('decide, in canary', () => {
  it('promotes a canary that serves as well as PHP', () => {
    const verdict = decide({ stage: 'canary', log: canary(3000, (at) => at % 500 === 0), expected: EXPECTED });
    expect(open(verdict)).toEqual([]);
    expect(verdict.action).toBe('promote');
  });

  it('promotes a canary where neither side ever fails', () => {
    const log = new EvidenceLog();
    for (let at = 0; at < 2000; at += 1) {
      for (const arm of ['control', 'candidate'] as const) log.served(arm, { isError: false, status: 200, ms: 9 });
    }
    expect(decide({ stage: 'canary', log, expected: EXPECTED }).action).toBe('promote');
  });

  it('rolls a failing one back after a handful of requests', () => {
    const log = canary(12, () => true);
    const verdict = decide({ stage: 'canary', log, expected: EXPECTED });
    expect(verdict.action).toBe('roll-back');
    expect(reason(verdict, 'sequential')).toMatchObject({ outcome: 'fail' });
  });

  it('rolls a slow one back', () => {
    const verdict = decide({ stage: 'canary', log: canary(2000, () => false, 80), expected: EXPECTED });
    expect(verdict.action).toBe('roll-back');
    expect(open(verdict)).toEqual(['latency fail']);
  });

  it('does not roll back for one error, nor for one difference', () => {
    const log = canary(40, (at) => at === 3);
    log.observe(compareAnswers(answer('1', 5), answer('2', 5), compileRules(), 0));
    expect(decide({ stage: 'canary', log, expected: EXPECTED }).action).toBe('hold');
  });

  it('rolls back one whose answers differ again and again', () => {
    const log = canary(40, () => false);
    for (let at = 0; at < 5; at += 1) log.observe(compareAnswers(answer('1', 5), answer('2', 5), compileRules(), 0));
    expect(decide({ stage: 'canary', log, expected: EXPECTED }).action).toBe('roll-back');
  });
});

describe('EvidenceLog', () => {
  it('decides the same after it was stored', () => {
    const log = canary(700, (at) => at % 90 === 0);
    log.observe(compareAnswers(answer('{"a":1}', 5), answer('{"a":2}', 5), compileRules(), 0), 'send');
    const again = new EvidenceLog({}, JSON.parse(JSON.stringify(log)));
    expect(again.toJSON()).toEqual(log.toJSON());
    for (const stage of ['mirror', 'canary'] as const) {
      const expected = { statuses: [200], actions: ['send'] };
      expect(decide({ stage, log: again, expected })).toEqual(decide({ stage, log, expected }));
    }
  });

  it('stays small whatever it is told', () => {
    const log = new EvidenceLog();
    const rules = compileRules();
    for (let at = 0; at < 300; at += 1) {
      const body = `{${Array.from({ length: 50 }, (_, field) => `"f${at}x${field}y":1`).join(',')}}`;
      log.observe(compareAnswers(answer(body, at, 100 + at), answer('{}', 1, 100 + at), rules, 0), `action${at * 7}`);
      for (let other = 0; other < 3; other += 1)
        log.served('candidate', { isError: false, status: at, ms: at, action: `x${at}${other}` });
    }
    expect(JSON.stringify(log).length).toBeLessThan(400_000);
  });
});

describe('FieldStats', () => {
  const seen = (field: string, differed: number): { fields: { field: string; seen: number; differed: number }[] } => ({
    fields: [{ field, seen: 2, differed }],
  });

  it('counts values and comparisons apart, the worst first', () => {
    const stats = new FieldStats();
    for (const entry of [seen('/a', 2), seen('/a', 0), seen('/b', 1), seen('/b', 1), seen('/c', 0)]) stats.add(entry);
    expect(stats.worst(9)).toEqual([
      { field: '/b', seen: 4, differed: 2, observations: 2 },
      { field: '/a', seen: 4, differed: 2, observations: 1 },
    ]);
  });

  it('lets no flood of quiet fields hide one that differs', () => {
    const stats = new FieldStats([], 10);
    for (let at = 0; at < 50; at += 1) stats.add(seen(`/f${at}`, 0));
    stats.add(seen('/bad', 1));
    expect(stats.worst(3)).toMatchObject([{ field: '/bad', differed: 1 }]);
    expect(stats.toJSON()).toHaveLength(10);
    expect(stats.dropped).toBe(41);
  });
});
