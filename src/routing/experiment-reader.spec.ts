import { describe, expect, it } from '@jest/globals';
import { loadRouteTable } from './load-route-table.js';
import type { ExperimentSettings } from './route.js';

function read(experiment: string, match = 'path: /list'): ExperimentSettings | undefined {
  const text = `
upstreams: { php: { targets: ['http://127.0.0.1:9'] } }
policies: { authorization: { public: {} } }
defaults: { authorization: public }
routes: { list: { match: { ${match} }, upstream: php, handler: list, experiment: { ${experiment} } } }
`;
  const options = { file: 'routes.yaml', phpTargets: [], handlers: new Set(['list']) };
  return loadRouteTable(text, options).routes[0]?.experiment;
}

describe('the experiment of a route', () => {
  it('leaves promotions to people and roll-backs to the gateway, and asks to have seen a 2xx, unless it says otherwise', () => {
    expect(read('')).toEqual({
      sample: 1,
      timeoutMs: 5000,
      ignore: [],
      keyed: {},
      promote: 'manual',
      rollBack: 'auto',
      steps: [1, 10, 50],
      expects: { statuses: ['2xx'], actions: [] },
      decision: {},
    });
    expect(read('', 'path: /list, action: [send, stats]')?.expects.actions).toEqual(['send', 'stats']);
  });

  it('is what the route says', () => {
    const said = read(
      "promote: auto, rollBack: manual, steps: [5, 100], minSamples: 10, alpha: 0.05, latency: { ratio: 2 }, expects: { statuses: [200, '4xx'] }",
    );
    expect(said).toMatchObject({ promote: 'auto', rollBack: 'manual', steps: [5, 100] });
    expect(said?.expects.statuses).toEqual([200, '4xx']);
    expect(said?.decision).toEqual({ minSamples: 10, alpha: 0.05, latency: { ratio: 2 } });
  });

  it.each([
    ['steps: [10, 5]', /steps.*must ascend/],
    ['steps: []', /steps/],
    ['steps: [0, 5]', /steps/],
    ['promote: always', /promote/],
    ['maxMismatchRate: 0', /maxMismatchRate/],
    ['confidence: 1', /confidence/],
    ['expects: { statuses: [99] }', /statuses/],
    ['expects: { actions: [send] }', /"send" is no action/],
  ])('is refused, with its place, when it says "%s"', (experiment, fault) => {
    expect(() => read(experiment)).toThrow(fault);
  });
});
