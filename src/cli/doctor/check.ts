/** `warning`: it runs, but not as it should; `fault`: something will not work, or is not safe. */
export type CheckState = 'ok' | 'warning' | 'fault';

/** One thing that was looked at: what was found and, where it is not as it should be, what to do. Never holds a secret. */
export interface CheckResult {
  readonly name: string;
  readonly state: CheckState;
  readonly found: string;
  readonly fix?: string;
}

/** Yields what it finds as it finds it, so that a dependency that hangs does not hide what was found before. */
export type Findings = AsyncIterable<CheckResult> | Iterable<CheckResult>;

/** One look at one part of the configuration. It gives up when the signal fires and leaves nothing behind. */
export interface Check {
  readonly name: string;
  run(signal: AbortSignal): Findings;
}

export function ok(name: string, found: string): CheckResult {
  return { name, state: 'ok', found };
}

export function warning(name: string, found: string, fix: string): CheckResult {
  return { name, state: 'warning', found, fix };
}

export function fault(name: string, found: string, fix: string): CheckResult {
  return { name, state: 'fault', found, fix };
}
