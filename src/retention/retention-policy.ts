import { readFileSync } from 'node:fs';

/** The kinds of data that have an age, in either store. The same list as in legacy-php/lib/Retention/RetentionPolicy.php. */
export const RETENTION_KINDS = [
  'tempAudio',
  'tempFiles',
  'cache',
  'logs',
  'errorLogs',
  'sessions',
  'conversations',
  'memory',
  'replacedDocuments',
  'voiceEvents',
  'webhookEvents',
  'sentMail',
  'experimentSamples',
  'experimentEvidence',
  'migrationRuns',
  'replicationStates',
  'retentionRuns',
  'erasureRecords',
] as const;

export type RetentionKind = (typeof RETENTION_KINDS)[number];

/** Milliseconds for which each kind of data is kept. */
export type RetentionPolicy = Readonly<Record<RetentionKind, number>>;

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Shorter than this, what somebody works with at the moment would go. */
const MIN_MS = 300_000;
/** The longest time that a policy may say. */
export const MAX_KEPT_MS = 3650 * 86_400_000;
const MAX_BYTES = 65_536;
const MAX_FAULTS = 20;
const MEMBERS = ['about', 'version', 'keep'];

/** The policy cannot be used. Its message has a line for each fault, with its key. */
export class RetentionPolicyError extends Error {
  override readonly name = 'RetentionPolicyError';
}

/** Reads `retention.json`. @throws RetentionPolicyError */
export function readRetentionPolicy(file: string): RetentionPolicy {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new RetentionPolicyError('the file cannot be read', { cause: error });
  }
  if (bytes.byteLength > MAX_BYTES) throw new RetentionPolicyError(`the file has more than ${MAX_BYTES} bytes`);
  return parseRetentionPolicy(bytes.toString('utf8'));
}

/** @throws RetentionPolicyError */
export function parseRetentionPolicy(text: string): RetentionPolicy {
  const policy = parseObject(text);
  if (policy === undefined) throw new RetentionPolicyError('the file is not a JSON object');
  const faults = Object.keys(policy)
    .filter((name) => !MEMBERS.includes(name))
    .map((name) => `${printable(name)}: is not known`);
  if (policy['version'] !== 1) faults.push('version: must be 1');
  if (policy['about'] !== undefined && typeof policy['about'] !== 'string') faults.push('about: must be text');
  const keep = asObject(policy['keep']);
  if (keep === undefined) throw new RetentionPolicyError([...faults, 'keep: must be an object'].join('\n'));
  const known: readonly string[] = RETENTION_KINDS;
  for (const name of Object.keys(keep)) if (!known.includes(name)) faults.push(`keep.${printable(name)}: is not known`);
  const found: Partial<Record<RetentionKind, number>> = {};
  for (const kind of RETENTION_KINDS) {
    if (!Object.hasOwn(keep, kind)) faults.push(`keep.${kind}: is missing`);
    else {
      const ms = durationOf(keep[kind]);
      if (ms < MIN_MS || ms > MAX_KEPT_MS)
        faults.push(`keep.${kind}: must be from 5m to 3650d, such as "90m", "12h" or "30d"`);
      found[kind] = ms;
    }
  }
  if (faults.length > 0) throw new RetentionPolicyError(faults.slice(0, MAX_FAULTS).join('\n'));
  return Object.freeze(found as Record<RetentionKind, number>);
}

/** 0 for whatever is no duration. */
function durationOf(value: unknown): number {
  const [, count, unit = ''] = typeof value === 'string' ? (/^([1-9]\d{0,5})([mhd])$/.exec(value) ?? []) : [];
  return count === undefined ? 0 : Number(count) * (UNITS[unit] ?? 0);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

function printable(name: string): string {
  return name.replace(/[^\u0020-\u007e]/g, '?').slice(0, 64);
}
