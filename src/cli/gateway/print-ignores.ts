import { printable } from './printable.js';

interface Ignores {
  readonly ignore: readonly {
    readonly pointer: string;
    readonly reason: string;
    readonly until: string;
    readonly isExpired: boolean;
    readonly by: string;
  }[];
  readonly history: readonly {
    readonly pointer: string;
    readonly until: string | null;
    readonly by: string;
    readonly reason: string;
    readonly at: string;
  }[];
}

/** What is accepted of a route, and who changed that, latest first. */
export function printIgnores(data: unknown): string {
  const { ignore, history } = data as Ignores;
  const lines = [
    ...ignore.map(
      ({ pointer, reason, until, isExpired, by }) =>
        `${pointer}  until ${until}${isExpired ? ' (EXPIRED: it counts again)' : ''}  ${by}: ${reason}`,
    ),
    ...(ignore.length === 0 ? ['Every difference counts.'] : []),
    ...(history.length === 0 ? [] : ['Changed at run time:']),
    ...history.map(
      ({ pointer, until, by, reason, at }) =>
        `  ${at}  ${pointer} ${until === null ? 'taken back' : `accepted until ${until}`}  ${by}: ${reason}`,
    ),
  ];
  return lines.map(printable).join('\n');
}
