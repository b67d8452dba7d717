import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { STEP_S, type TrafficPoint, type TrafficWatch } from './traffic-watch.js';

/** Twenty looks a second at the loop's delay, a hundred a step: 0.2 % of a core in a process that does nothing else. */
const RESOLUTION_MS = 50;

/** Ends a step every five seconds and tells who listens. */
export class WatchClock implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  private readonly listeners: ((point: TrafficPoint) => void)[] = [];
  private timer: NodeJS.Timeout | undefined;
  private delayP99 = 0;

  constructor(private readonly traffic: TrafficWatch) {}

  /** Milliseconds that the event loop made others wait: 99th percentile of the last step. */
  get loopDelayP99(): number {
    return this.delayP99;
  }

  /** Calls back at the end of each step. */
  onStep(listener: (point: TrafficPoint) => void): void {
    this.listeners.push(listener);
  }

  onApplicationBootstrap(): void {
    this.loop.enable();
    this.timer = setInterval(() => this.step(), STEP_S * 1000);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    this.loop.disable();
  }

  private step(): void {
    // What is measured is from one wake-up to the next.
    const waited = this.loop.percentile(99) / 1e6 - RESOLUTION_MS;
    this.delayP99 = Math.round(Math.max(0, waited) * 10) / 10;
    this.loop.reset();
    const point = this.traffic.close(Date.now());
    for (const listen of this.listeners) listen(point);
  }
}
