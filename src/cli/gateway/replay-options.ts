import type { OutputOptions } from './command.js';
import type { Against } from './commands/replay.command.js';

/** What `replay` was asked. */
export interface ReplayCommandOptions extends OutputOptions {
  readonly against: Against;
  /** Files, folders or names of routes; empty: all of `folder`. */
  readonly names: readonly string[];
  readonly folder: string;
  readonly allowsWrites: boolean;
  readonly confirm: string | undefined;
  readonly userTokenFile: string | undefined;
  readonly adminTokenFile: string | undefined;
}
