import { printable } from './printable.js';

/** How far some work is. */
export interface Advance {
  readonly label: string;
  readonly done: number;
  /** Undefined where nobody knows how much there is. */
  readonly total?: number | undefined;
  /** What is counted: `owners`. */
  readonly unit: string;
  readonly note?: string;
}

/** Where it is shown: standard error, or what stands for it. */
export interface ProgressScreen {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

/** Milliseconds between lines where there is no terminal, and between two pictures on one. */
const TELL_EVERY_MS = 5000;
const DRAW_EVERY_MS = 100;
const COLUMNS = 80;
const WIDEST_BAR = 30;
const NARROWEST_BAR = 8;
/** Without it a rate would be a guess. */
const RATE_AFTER_MS = 1000;
const CLEAR_LINE = '\r\u001b[K';
const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/**
 * Shows long work on standard error: on a terminal one line that is written over, elsewhere a line every few seconds; nothing where
 * a machine reads (`--json`). Ours, since it is a page: libraries bring spinners, several bars and a hidden cursor, which is what leaves a
 * terminal spoiled at Ctrl-C.
 */
export class Progress {
  private begun: { readonly label: string; readonly at: number; readonly done: number } | undefined;
  private drawnAt = -Infinity;
  private toldAt: number;
  private isDrawn = false;
  private readonly interrupted = new Map<NodeJS.Signals, () => void>();

  constructor(
    private readonly isQuiet: boolean,
    private readonly screen: ProgressScreen = process.stderr,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.toldAt = now();
  }

  show(advance: Advance): void {
    if (this.isQuiet) return;
    const now = this.now();
    if (this.begun?.label !== advance.label) this.begun = { label: advance.label, at: now, done: advance.done };
    const ms = now - this.begun.at;
    const rate = ms < RATE_AFTER_MS ? undefined : ((advance.done - this.begun.done) / ms) * 1000;
    if (this.screen.isTTY === true) {
      if (now - this.drawnAt < DRAW_EVERY_MS) return;
      this.drawnAt = now;
      this.listen();
      // The last column is left free: some terminals wrap when it is written.
      this.screen.write(CLEAR_LINE + renderProgress(advance, rate, (this.screen.columns ?? COLUMNS) - 1));
      this.isDrawn = true;
    } else if (now - this.toldAt >= TELL_EVERY_MS) {
      this.toldAt = now;
      this.screen.write(`${renderProgress(advance, rate, Infinity)}\n`);
    }
  }

  /** Gives the line back. */
  end(): void {
    if (this.isDrawn) this.screen.write(CLEAR_LINE);
    this.isDrawn = false;
    for (const [signal, onSignal] of this.interrupted) process.removeListener(signal, onSignal);
    this.interrupted.clear();
  }

  /** At Ctrl-C the line is given back; where nobody else listens, the process ends by the signal as it would have. */
  private listen(): void {
    if (this.interrupted.size > 0) return;
    for (const signal of SIGNALS) {
      const isAlone = process.listenerCount(signal) === 0;
      const onSignal = (): void => {
        this.end();
        if (isAlone) process.kill(process.pid, signal);
      };
      this.interrupted.set(signal, onSignal);
      process.once(signal, onSignal);
    }
  }
}

/** One line of at most `columns` characters; what matters least goes first. `rate`: a second. */
export function renderProgress(
  { label, done, total, unit, note }: Advance,
  rate: number | undefined,
  columns: number,
): string {
  const share = total === undefined || total <= 0 ? undefined : Math.min(1, Math.max(0, done / total));
  const count = total === undefined ? `${done} ${unit}` : `${done} of ${total} ${unit}`;
  const head = [label, ...(share === undefined ? [] : [`${Math.floor(share * 100)} %`]), count].join('  ');
  const left = total === undefined || rate === undefined || rate <= 0 ? undefined : Math.max(0, (total - done) / rate);
  const more = [
    ...(left === undefined ? [] : [`${spellSeconds(left)} left`]),
    ...(rate === undefined ? [] : [`${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s`]),
    ...(note === undefined ? [] : [note]),
  ];
  let line = printable(head);
  for (const part of more) {
    const longer = `${line}  ${printable(part)}`;
    if (longer.length <= columns) line = longer;
  }
  const room = Math.min(WIDEST_BAR, columns - line.length - 3);
  if (share !== undefined && room >= NARROWEST_BAR && columns !== Infinity) {
    const full = Math.round(share * room);
    line = `[${'#'.repeat(full)}${'-'.repeat(room - full)}] ${line}`;
  }
  return Array.from(line).slice(0, Math.max(0, columns)).join('');
}

function spellSeconds(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.ceil(whole / 60)} min`;
  return `${Math.floor(whole / 3600)} h ${Math.ceil((whole % 3600) / 60)} min`;
}
