import { All, applyDecorators } from '@nestjs/common';

/** Where the pipeline sends a request for a native handler: no address that a client's path could become. */
const MOUNT = '/~native/';

/**
 * What the handler of a write says so that it can be tried beside PHP, in a transaction that is rolled back. Ids and times that each
 * side makes for itself are compared by type and form.
 */
export interface DryRunDeclaration {
  /** The replicated collection whose data of the caller it changes, and no other. */
  readonly collection: string;
  /** Generated fields of its answer, as JSON pointers: `/data/id`. */
  readonly generated?: readonly string[];
  /** The same in the caller's document; an id that stands in the answer too need not be named. */
  readonly generatedEffects?: readonly string[];
  /** Lists in the document whose items are told apart by a field: JSON pointer → field. */
  readonly keyedEffects?: Readonly<Record<string, string>>;
}

export interface NativeHandlerOptions {
  /** Without it the handler is never asked for a write that PHP answers. */
  readonly dryRun?: DryRunDeclaration;
}

const names = new Set<string>();
const dryRuns = new Map<string, DryRunDeclaration>();

/**
 * Marks a controller's method as the native handler of that name in the route table. Path, methods and policies stand
 * in the table alone; the pipeline brings the request here once all of them are passed.
 */
export function NativeHandler(name: string, { dryRun }: NativeHandlerOptions = {}): MethodDecorator {
  names.add(name);
  if (dryRun !== undefined) dryRuns.set(name, dryRun);
  return applyDecorators(All(MOUNT + name));
}

/** Names of all native handlers whose controllers are loaded. */
export function nativeHandlerNames(): ReadonlySet<string> {
  return names;
}

/** What a native handler declares for writes; undefined when it may not be tried. */
export function dryRunOf(name: string | undefined): DryRunDeclaration | undefined {
  return name === undefined ? undefined : dryRuns.get(name);
}

/** The internal address of a native handler. */
export function nativeHandlerPath(name: string): string {
  return MOUNT + name;
}
