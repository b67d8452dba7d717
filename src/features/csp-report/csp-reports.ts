import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { LOGGER, type Logger } from '../../trace/index.js';
import type { CspViolation } from './violation.js';

/** A breach and how often it was reported to this instance. */
export interface SeenViolation extends CspViolation {
  readonly count: number;
  /** Unix milliseconds. */
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
}

/** Distinct breaches that are remembered; the one that was not reported for longest goes first. */
const MAX_DISTINCT = 500;
/** Milliseconds after which a breach that goes on is logged again. */
const LOG_AGAIN_MS = 3_600_000;
/** Anybody may report: however many breaches are made up, the log grows by so many lines in so many milliseconds. */
const LOG_LINES = 30;
const LOG_WINDOW_MS = 60_000;

interface Entry {
  seen: SeenViolation;
  loggedAt: number;
}

/** The breaches of the content security policy that browsers reported: each once, counted. Bounded in memory and log lines. */
@Injectable()
export class CspReports {
  private readonly entries = new LRUCache<string, Entry>({ max: MAX_DISTINCT });
  private windowStart = 0;
  private linesInWindow = 0;

  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  /** Takes note of a breach. `now` in Unix milliseconds. */
  add(violation: CspViolation, now = Date.now()): void {
    const { disposition, directive, blocked, documentPath } = violation;
    const key = [disposition, directive, blocked, documentPath].join(' ');
    const known = this.entries.get(key);
    const seen = {
      ...violation,
      count: (known?.seen.count ?? 0) + 1,
      firstSeenAt: known?.seen.firstSeenAt ?? now,
      lastSeenAt: now,
    };
    const isDue = known === undefined || now - known.loggedAt >= LOG_AGAIN_MS;
    const isLogged = isDue && this.mayLog(now);
    this.entries.set(key, { seen, loggedAt: isLogged ? now : (known?.loggedAt ?? -LOG_AGAIN_MS) });
    if (isLogged) {
      const csp = { ...violation, documentPath: scriptOf(documentPath) };
      this.logger.warn({ csp, count: seen.count }, 'content security policy breached');
    }
  }

  /** What was reported, the latest first. */
  list(): readonly SeenViolation[] {
    return [...this.entries.values()].map(({ seen }) => seen).toSorted((a, b) => b.lastSeenAt - a.lastSeenAt);
  }

  private mayLog(now: number): boolean {
    if (now - this.windowStart >= LOG_WINDOW_MS) {
      this.windowStart = now;
      this.linesInWindow = 0;
    }
    this.linesInWindow++;
    if (this.linesInWindow === LOG_LINES + 1)
      this.logger.warn({ linesAMinute: LOG_LINES }, 'more breaches are reported than are logged');
    return this.linesInWindow <= LOG_LINES;
  }
}

/** Of a page's path what names a script or a part of the site: anybody may report any path, and what follows may name a person. */
function scriptOf(path: string): string {
  return /^\/(?:[a-z0-9_-]{1,32}\/){0,4}[a-z0-9_-]{1,32}\.php(?=\/|$)/.exec(path)?.[0] ?? (path === '/' ? path : '/…');
}
