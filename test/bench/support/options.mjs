import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

const PROJECT = resolve(import.meta.dirname, '../../..');

/** What the command line asks for. @throws TypeError for what it does not know */
export function readOptions(partNames) {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      out: { type: 'string' },
      dist: { type: 'string', default: resolve(PROJECT, 'dist') },
      node: { type: 'string', default: '' },
    },
  });
  const only = values.only?.split(',');
  const unknown = only?.filter((name) => !partNames.includes(name)) ?? [];
  if (unknown.length > 0) throw new TypeError(`--only ${unknown}: there are ${partNames.join(', ')}`);
  const isWhole = only === undefined && !values.quick;
  return {
    names: only ?? partNames,
    isQuick: values.quick,
    rounds: positive(values.rounds, values.quick ? 3 : 5, '--rounds'),
    seconds: positive(values.seconds, values.quick ? 1 : 2, '--seconds'),
    /** A run of a part, or a quick one, leaves the published figures alone. */
    out: values.out === undefined ? (isWhole ? resolve(PROJECT, 'docs') : undefined) : resolve(values.out),
    dist: resolve(values.dist),
    nodeArgs: values.node.split(' ').filter(Boolean),
  };
}

function positive(text, otherwise, name) {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(value) || value < 1) throw new TypeError(`${name} ${text}: a whole number from 1`);
  return value;
}
