import { describe, expect, it } from '@jest/globals';
import {
  type Answer,
  compareAnswers,
  compileRules,
  learnNoise,
  NoiseLearner,
  type NoiseModel,
  type Observation,
} from '../index.js';

const NOW = Date.UTC(2026, 10, 23);
const UUIDS = ['0b0e3f0a-6f2d-4c1b-9d55-2f3f0c6e1a77', '9a1c2d3e-4f50-4617-8293-a4b5c6d7e8f9'];

function answer(value: unknown, change: Partial<Answer> = {}): Answer {
  const body = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return { status: 200, headers: [], body, contentType: 'application/json', ms: 1, ...change };
}

function learn(...pairs: [unknown, unknown][]): NoiseModel {
  const model = learnNoise(
    pairs.map(([a, b]) => [answer(a), answer(b)] as const),
    compileRules(),
    NOW,
  );
  // As it comes back from where it is stored.
  return JSON.parse(JSON.stringify(model));
}

function compare(noise: NoiseModel, control: unknown, candidate: unknown): Observation {
  return compareAnswers(answer(control), answer(candidate), compileRules({ noise }), NOW);
}

describe('learnNoise', () => {
  it.each<[string, [unknown, unknown], [unknown, unknown][], [unknown, unknown][]]>([
    [
      'a uuid',
      [UUIDS[0], UUIDS[1]],
      [[UUIDS[1], UUIDS[0]?.toUpperCase()]],
      [
        [UUIDS[0], 'none'],
        [UUIDS[0], ''],
        [UUIDS[0], null],
        [UUIDS[0], `${UUIDS[1]}0`],
      ],
    ],
    [
      'a prefixed random id',
      ['conv_0a1b2c3d4e5f60718293a4b5', 'conv_ff1b2c3d4e5f60718293a400'],
      [['conv_0a1b2c3d4e5f60718293a4b5', 'conv_1111111d4e5f60718293a4b5']],
      [
        ['conv_0a1b2c3d4e5f60718293a4b5', 'task_1111111d4e5f60718293a4b5'],
        ['conv_0a1b2c3d4e5f60718293a4b5', 'conv_1111'],
      ],
    ],
    [
      'unix seconds',
      [1795392000, 1795392001],
      [[1795392000, 1795392009]],
      [
        [1795392000, 1795392011],
        [1795392000, 1795392000000],
        [1795392000, '1795392001'],
        [1795392000, 0],
        [1795392000, 17],
      ],
    ],
    [
      'unix milliseconds as text',
      ['1795392000000', '1795392000100'],
      [['1795392000000', '1795392009999']],
      [
        ['1795392000000', 1795392000001],
        ['1795392000000', '1795392010001'],
      ],
    ],
    [
      'ISO times',
      ['2026-11-23T08:00:00+00:00', '2026-11-23T08:00:01+00:00'],
      [['2026-11-23T08:00:00+00:00', '2026-11-23T09:00:05+01:00']],
      [
        ['2026-11-23T08:00:00+00:00', '2026-11-23T08:00:01Z'],
        ['2026-11-23T08:00:00+00:00', '2026-11-23 08:00:01+00:00'],
        ['2026-11-23T08:00:00+00:00', '2026-11-24T08:00:01+00:00'],
        ['2026-11-23T08:00:00+00:00', '2026-13-45T08:00:01+00:00'],
      ],
    ],
    [
      'database times',
      ['2026-11-23 08:00:00', '2026-11-23 08:00:02'],
      [['2026-11-23 08:00:00', '2026-11-23 08:00:09']],
      [
        ['2026-11-23 08:00:00', '2026-11-23 08:00:00.5'],
        ['2026-11-23 08:00:00', '2026-11-23T08:00:00'],
      ],
    ],
    [
      'whole numbers',
      [3, 7],
      [[3, 5000]],
      [
        [3, 3.5],
        [3, -4],
        [3, '4'],
      ],
    ],
    [
      'e-mail addresses',
      ['a@b.example', 'c@d.example'],
      [['a@b.example', 'long.name+tag@sub.d.example']],
      [
        ['a@b.example', 'nobody'],
        ['a@b.example', ''],
      ],
    ],
  ])('compares %s by their form from then on', (_name, [a, b], alike, unlike) => {
    const noise = learn([{ data: [{ x: a, y: 1 }] }, { data: [{ x: b, y: 1 }] }]);
    expect(Object.keys(noise.fields)).toEqual(['/data/*/x']);
    for (const [control, candidate] of alike) {
      expect(compare(noise, { data: [{ x: control, y: 1 }] }, { data: [{ x: candidate, y: 1 }] })).toMatchObject({
        class: 'match',
        noise: 1,
      });
    }
    for (const [control, candidate] of unlike) {
      expect(compare(noise, { data: [{ x: control }] }, { data: [{ x: candidate }] }).class).toBe('mismatch');
    }
    // A neighbour is compared as before.
    expect(compare(noise, { data: [{ x: a, y: 1 }] }, { data: [{ x: b, y: 2 }] }).counts.value).toBe(1);
  });

  it.each<[string, [unknown, unknown][], string]>([
    ['words', [['active', 'paused']], 'value'],
    ['words of one length and a number', [['sandbox1', 'journey2']], 'value'],
    ['texts', [['Hello at 8', 'Hello at 9']], 'value'],
    ['booleans', [[true, false]], 'value'],
    [
      'values of two forms',
      [
        [UUIDS[0], UUIDS[1]],
        ['a@b.example', 'c@d.example'],
      ],
      'value',
    ],
    ['another type', [[1, null]], 'type'],
    ['a date of another day', [['2026-11-23', '2020-01-01']], 'value'],
    ['an array that is longer at times', [[[1], [1, 2]]], 'presence'],
    [
      'an order',
      [
        [
          [1, 2],
          [2, 1],
        ],
      ],
      'value',
    ],
  ])('does not forgive %s, and says so', (_name, pairs, unstable) => {
    const noise = learn(...pairs.map(([a, b]): [unknown, unknown] => [{ x: a }, { x: b }]));
    expect(Object.values(noise.fields)).toMatchObject([{ formats: [], unstable }]);
    const [[a, b] = []] = pairs;
    expect(compare(noise, { x: a }, { x: b }).class).toBe('mismatch');
  });

  it('does not forgive a field that is absent at times, nor a status, nor a header', () => {
    expect(learn([{ x: 1 }, {}]).fields).toMatchObject({ '/x': { unstable: 'presence' } });
    const model = learnNoise(
      [[answer({}), answer({}, { status: 404, headers: [['etag', '"1"']] })]],
      compileRules(),
      NOW,
    );
    expect(model.fields).toMatchObject({ status: { unstable: 'value' }, 'header:etag': { unstable: 'value' } });
  });

  it('knows how often each field was seen and differed, and skips what cannot be compared', () => {
    const pairs: [Answer, Answer][] = [
      [answer({ n: 1, s: 'x' }), answer({ n: 1, s: 'x' })],
      [answer({ n: 1, s: 'x' }), answer({ n: 2, s: 'x' })],
      [answer({ n: 1 }, { status: 502 }), answer({ n: 9 })],
    ];
    const model = learnNoise(pairs, compileRules(), NOW);
    expect(model).toMatchObject({ pairs: 2, skipped: 1, fields: { '/n': { seen: 2, differed: 1 } } });
    expect(Object.keys(model.fields)).toEqual(['/n']);
  });

  it('does not take what an earlier model forgave for quiet', () => {
    const earlier = learn([{ n: 1 }, { n: 2 }]);
    const pair = [answer({ n: 3 }), answer({ n: 4 })] as const;
    expect(learnNoise([pair], compileRules({ noise: earlier }), NOW).fields['/n']?.differed).toBe(1);
  });

  it('learns pair by pair as well as from all at once', () => {
    const learner = new NoiseLearner(compileRules());
    const pairs = [1, 2, 3].map((n) => [answer({ n }), answer({ n: n + 1 })] as const);
    for (const [a, b] of pairs) learner.observe(a, b, NOW);
    expect(learner.model()).toEqual(learnNoise(pairs, compileRules(), NOW));
  });

  it('learned of the values of a map, says nothing of the names beside them', () => {
    const noise = learn([{ m: { '17': 1 } }, { m: { '17': 2 } }]);
    expect(compare(noise, { m: { '18': 1 } }, { m: { '18': 5 } }).class).toBe('match');
    expect(compare(noise, { m: { total: 1 } }, { m: { total: 5 } }).class).toBe('mismatch');
  });
});
