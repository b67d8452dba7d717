import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse } from 'yaml';

const PROJECT = resolve(import.meta.dirname, '../..');

interface Route {
  readonly match: {
    readonly path: string;
    readonly methods?: readonly string[];
    readonly action?: string | readonly string[];
  };
  readonly upstream?: string;
  readonly stage?: string;
}

interface Entry {
  readonly route: string;
  readonly endpoint: string;
  readonly stage: string;
}

/** The rows of the table `route | endpoint | stage | phase | …`. */
function readLedger(text: string): readonly (Entry & { readonly phase: string })[] {
  return [...text.matchAll(/^\| `([^`]+)` +\|([^|]+)\|([^|]+)\|([^|]+)\|/gm)].map(
    ([, route = '', endpoint = '', stage = '', phase = '']) => ({
      route,
      endpoint: endpoint.trim(),
      stage: stage.trim(),
      phase: phase.trim(),
    }),
  );
}

function entryOf(route: string, { match, stage }: Route): Entry {
  const methods = match.methods?.join(', ') ?? 'any';
  const actions = match.action === undefined ? [] : [match.action].flat();
  const action = actions.length === 0 ? '' : ` action ${actions.map((name) => `\`${name}\``).join(', ')}`;
  return { route, endpoint: `${methods} \`${match.path}\`${action}`, stage: stage ?? 'proxy' };
}

const byRoute = (left: Entry, right: Entry): number => (left.route < right.route ? -1 : 1);

describe('the migration ledger', () => {
  const ledger = readLedger(readFileSync(resolve(PROJECT, 'docs/migration.md'), 'utf8'));
  const { routes } = parse(readFileSync(resolve(PROJECT, 'routes.yaml'), 'utf8')) as {
    readonly routes: Readonly<Record<string, Route>>;
  };

  it('has every route of PHP once, with the endpoint and the stage of the route table, and no other', () => {
    const expected = Object.entries(routes)
      .filter(([, { upstream }]) => upstream === 'php')
      .map(([name, route]) => entryOf(name, route));
    expect(expected.length).toBeGreaterThan(40);
    expect(ledger.map(({ route, endpoint, stage }) => ({ route, endpoint, stage })).toSorted(byRoute)).toEqual(
      expected.toSorted(byRoute),
    );
  });

  it('says of every route in which phase it goes', () => {
    expect(ledger.filter(({ phase }) => !/^[1-9]$/.test(phase))).toEqual([]);
  });
});
