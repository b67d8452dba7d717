import { gatewayCommand } from '../command.js';
import { givenReason, named, noMore } from '../read-arguments.js';

/** What is asked of a route's ignore rules. */
export type IgnoreTask =
  | { readonly kind: 'list'; readonly route: string }
  | {
      readonly kind: 'add';
      readonly route: string;
      readonly pointer: string;
      readonly until: string;
      readonly reason: string;
    }
  | { readonly kind: 'remove'; readonly route: string; readonly pointer: string; readonly reason: string };

/** `ignore`: differences that are accepted until a day. */
export const ignoreCommand = gatewayCommand(
  {
    name: 'ignore',
    summary: 'differences of a route that are accepted until a day: shown, added, taken back (--remove)',
    about:
      'Differences between PHP and the handler of a route that are accepted until a day. In effect on every instance within a second;\nwhat was compared before does not count any more: the evidence begins anew with every change.',
    usage: [
      ['conversations.list', 'all of them, and who changed them'],
      ['conversations.list "/data/*/updated_at" --until 2027-01-31 --reason "clocks"', ''],
      ['conversations.list header:etag --until 2027-01-31 --reason "PHP has none"', ''],
      ['conversations.list "/data/*/updated_at" --remove --reason "mended"', ''],
    ],
    options: {
      until: { type: 'string', value: '<day>', about: 'the first day on which it counts again, within 180 days' },
      reason: {
        type: 'string',
        value: '<text>',
        about: 'why, for those who read the history; needed for every change',
      },
      remove: { type: 'boolean', about: 'takes a rule back that was added here' },
    },
    read: ([route, pointer, ...more], values) => {
      noMore(more);
      return { task: readTask(named(route), pointer, values) };
    },
  },
  async () => (await import('../experiment-work.js')).workOnIgnores,
);

interface Values {
  readonly until?: string;
  readonly reason?: string;
  readonly remove?: boolean;
}

function readTask(route: string, pointer: string | undefined, { until, reason, remove }: Values): IgnoreTask {
  if (pointer === undefined) {
    if (until !== undefined || reason !== undefined || remove !== undefined)
      throw new Error('Say which difference: a JSON pointer such as "/data/*/updated_at", or header:<name>');
    return { kind: 'list', route };
  }
  if (!/^(?:\/.|header:.)/.test(pointer))
    throw new Error(`"${pointer}" is neither a JSON pointer such as "/data/*/updated_at" nor header:<name>`);
  if (remove === true) {
    if (until !== undefined) throw new Error('--remove takes no --until');
    return { kind: 'remove', route, pointer, reason: givenReason(reason) };
  }
  if (until === undefined || !/^\d{4}-\d{2}-\d{2}$/.test(until))
    throw new Error('Say until which day it is accepted: --until 2027-01-31');
  return { kind: 'add', route, pointer, until, reason: givenReason(reason) };
}
