import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { reportError } from '../../errors/index.js';
import { Tally } from '../../metrics/index.js';
import { classAndPlace } from '../../privacy/index.js';
import { LOGGER, type Logger } from '../../trace/index.js';
import { EvidenceBook } from '../evidence/evidence-book.js';
import { inCandidateScope, keepProcess } from './candidate-scope.js';

/** Milliseconds between two lines of the log about one route: a handler may fail so at every request. */
const QUIET_MS = 10_000;

/** What native handlers leave uncaught: told, counted against them, and no end of the process. */
@Injectable()
export class Strays implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly toldAt = new Map<string, number>();
  /** By route. */
  readonly told = new Tally();
  private release: () => void = () => undefined;

  constructor(
    @Inject(EvidenceBook) private readonly book: EvidenceBook,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.release = keepProcess();
  }

  onApplicationShutdown(): void {
    this.release();
  }

  /** Lets the native handler of a route do its work. */
  watch(route: string, work: () => void): void {
    inCandidateScope((fault) => this.tell(route, fault), work);
  }

  private tell(route: string, fault: unknown): void {
    this.book.of(route)?.strayed();
    this.told.add(route);
    reportError(this.logger, fault, { kind: 'stray', route });
    const now = performance.now();
    if (now - (this.toldAt.get(route) ?? -Infinity) < QUIET_MS) return;
    this.toldAt.set(route, now);
    this.logger.error(
      { route, fault: classAndPlace(fault) },
      'a native handler left an error uncaught: without this guard the process would have ended',
    );
  }
}
