import { BridgeError } from './bridge.error.js';

const VERSION = /^(?:none|[0-9a-f]{64})$/;

/** A change with its number. */
export interface NumberedChange {
  readonly seq: number;
}

/** What `apply` is given. `since`: the last number that the document is known to have. */
export interface Applying {
  readonly origin: string;
  readonly since: number;
  readonly changes: readonly NumberedChange[];
}

/** What `replace` is given; a document of null is the collection's empty one. */
export interface Replacing {
  readonly document: string | null;
  readonly ifVersion: string;
  readonly origin?: string;
  readonly seq?: number | undefined;
}

/** What PHP holds of an owner. `seq` counts among the changes of `origin`. */
export type PhpRead =
  | { readonly kind: 'unchanged'; readonly version: string }
  | {
      readonly kind: 'document';
      readonly version: string;
      readonly document: string | undefined;
      readonly origin: string | undefined;
      readonly seq: number;
    }
  | { readonly kind: 'unreadable'; readonly version: string; readonly why: string };

/** An owner's document, and what a request's write of it began from. */
export interface PhpEffects {
  readonly now: PhpRead;
  /** Undefined where the request has written nothing. */
  readonly before: { readonly version: string; readonly document: string | undefined } | undefined;
  /** Somebody else has written since. */
  readonly isOvertaken: boolean;
}

export interface PhpApplied {
  readonly previousVersion: string;
  readonly version: string;
  /** The last number that the document had before. */
  readonly previousSeq: number;
  readonly applied: number;
  readonly skipped: number;
  /** Nothing was done: the document has less than it is known to have had. */
  readonly isBehind: boolean;
}

export interface PhpReplaced {
  readonly replaced: boolean;
  readonly version: string;
}

export interface DocumentPage {
  readonly owners: readonly { readonly owner: string; readonly version: string }[];
  readonly more: boolean;
}

/** Whether a document was announced alone, since it is longer than was asked for. */
export function isLarge(body: unknown): boolean {
  return fieldsOf(body)['isLarge'] === true;
}

/** @throws BridgeError, as all here */
export function readRead(body: unknown): PhpRead {
  const answer = fieldsOf(body);
  const version = versionOf(answer['version']);
  if (answer['unchanged'] === true) return { kind: 'unchanged', version };
  if (typeof answer['unreadable'] === 'string')
    return { kind: 'unreadable', version, why: answer['unreadable'].slice(0, 80) };
  const { document, origin, seq } = answer;
  if (document === null) return { kind: 'document', version, document: undefined, origin: undefined, seq: 0 };
  return {
    kind: 'document',
    version,
    document: text(document),
    origin: typeof origin === 'string' ? origin : undefined,
    seq: whole(seq),
  };
}

export function readEffects(body: unknown): PhpEffects {
  const { before, isOvertaken } = fieldsOf(body);
  return {
    now: readRead(body),
    before: before == null ? undefined : readBefore(before),
    isOvertaken: isOvertaken === true,
  };
}

function readBefore(value: unknown): PhpEffects['before'] {
  const { version, document } = fieldsOf(value);
  return { version: versionOf(version), document: document === null ? undefined : text(document) };
}

export function readApplied(body: unknown): PhpApplied {
  const answer = fieldsOf(body);
  return {
    previousVersion: versionOf(answer['previousVersion']),
    version: versionOf(answer['version']),
    previousSeq: whole(answer['previousSeq']),
    applied: whole(answer['applied']),
    skipped: whole(answer['skipped']),
    isBehind: answer['isBehind'] === true,
  };
}

export function readReplaced(body: unknown): PhpReplaced {
  const answer = fieldsOf(body);
  return { replaced: answer['replaced'] === true, version: versionOf(answer['version']) };
}

export function readPage(body: unknown): DocumentPage {
  const { owners, more } = fieldsOf(body);
  if (!Array.isArray(owners)) throw strange();
  return {
    owners: owners.map((entry: unknown) => {
      const { owner, version } = fieldsOf(entry);
      return { owner: text(owner), version: versionOf(version) };
    }),
    more: more === true,
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw strange();
  return value as Readonly<Record<string, unknown>>;
}

/** A SHA-256 in hex, or PHP's word for no document: it is kept. */
function versionOf(value: unknown): string {
  const version = text(value);
  if (!VERSION.test(version)) throw strange();
  return version;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw strange();
  return value;
}

function whole(value: unknown): number {
  if (!Number.isSafeInteger(value)) throw strange();
  return value as number;
}

function strange(): BridgeError {
  return new BridgeError('refused', 'an answer of another shape');
}
