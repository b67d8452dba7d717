/** Entries of one map or room after which the one that was not used for longest is forgotten: the bound of the memory. */
const MAX_ENTRIES = 100_000;

/** Each entry counts for one, by size and not by `max`: for that lru-cache would take the place of all of them (3 MB) at once. */
export const MAP_BOUND = { maxSize: MAX_ENTRIES, sizeCalculation: () => 1 } as const;
