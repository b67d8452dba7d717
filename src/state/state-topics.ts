import { topic } from '../workers/index.js';

/** What workers ask the primary of the state that it keeps. What there is none of is null. */
export const STATE = {
  get: topic<string, string | null>('state.get'),
  set: topic<readonly [key: string, value: string, ttlMs: number]>('state.set'),
  add: topic<readonly [key: string, value: string, ttlMs: number], boolean>('state.add'),
  swap: topic<readonly [key: string, expected: string, value: string, ttlMs: number], boolean>('state.swap'),
  delete: topic<string>('state.delete'),
};

/** An entry of a replicated map. */
export type MapEntry = readonly [map: string, key: string, value: string, ttlMs: number];

export const MAPS = {
  /** Answered when every worker that answers at all knows of it. */
  set: topic<MapEntry>('maps.set'),
  all: topic<null, readonly MapEntry[]>('maps.all'),
  /** Told to every worker, in one order for all. */
  changed: topic<MapEntry>('maps.changed'),
  /** Answered when the asker has been told of everything that was set before. */
  reached: topic<null>('maps.reached'),
};
