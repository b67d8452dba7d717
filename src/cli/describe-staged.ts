/** A route that Node may answer instead of PHP, with the stage in effect. */
export interface StagedName {
  readonly name: string;
  readonly stage: string;
  /** Percent of the callers, in canary. */
  readonly weight: number;
}

/** Which routes are past `proxy`, in one line: `conversations.* canary 10 %, settings.* replaced`. Empty when none is. */
export function describeStaged(routes: readonly StagedName[]): string {
  return groupBy(routes, ({ name }) => name.split('.')[0] ?? name)
    .flatMap(([prefix, members]) => {
      const stages = groupBy(members, said);
      const isWhole = stages.length === 1 && members.length > 1;
      return stages
        .filter(([stage]) => stage !== 'proxy')
        .map(([stage, those]) => `${isWhole ? `${prefix}.*` : those.map(({ name }) => name).join(' + ')} ${stage}`);
    })
    .join(', ');
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): [string, Item[]][] {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups];
}

function said({ stage, weight }: StagedName): string {
  return stage === 'canary' ? `canary ${weight} %` : stage;
}
