import { Injectable } from '@nestjs/common';
import { isDeepStrictEqual } from 'node:util';
import type { RouteTable, UpstreamSettings } from '../../routing/index.js';
import { Upstream } from './upstream.js';

/** Requests that a reload finds before their call to PHP have this long to begin it. */
const LINGER_MS = 60_000;

/** The upstreams in use. A reload keeps those whose settings did not change, with their connections and breakers. */
@Injectable()
export class Upstreams {
  private current = new Map<string, Upstream>();
  /** Those out of use whose last calls may still run, with the timer after which their connections close. */
  private readonly retired = new Map<Upstream, NodeJS.Timeout>();

  /** Makes the table's upstreams the ones in use. */
  use(upstreams: RouteTable['upstreams']): void {
    const next = new Map<string, Upstream>();
    for (const [name, settings] of upstreams) {
      const kept = this.unchanged(name, settings);
      kept?.bulkhead.beginTable();
      next.set(name, kept ?? new Upstream(settings));
    }
    for (const [name, upstream] of this.current) {
      if (next.get(name) !== upstream) this.retire(upstream);
    }
    this.current = next;
  }

  get(name: string): Upstream | undefined {
    return this.current.get(name);
  }

  all(): readonly Upstream[] {
    return [...this.current.values()];
  }

  async close(): Promise<void> {
    const all = [...this.current.values(), ...this.retired.keys()];
    for (const timer of this.retired.values()) clearTimeout(timer);
    this.current.clear();
    this.retired.clear();
    await Promise.all(all.map((upstream) => upstream.close()));
  }

  private retire(upstream: Upstream): void {
    upstream.stopProbing();
    const finish = async (): Promise<void> => {
      await upstream.retire();
      this.retired.delete(upstream);
    };
    const timer = setTimeout(() => void finish(), LINGER_MS);
    timer.unref();
    this.retired.set(upstream, timer);
  }

  private unchanged(name: string, settings: UpstreamSettings): Upstream | undefined {
    const known = this.current.get(name);
    return known !== undefined && isDeepStrictEqual(known.settings, settings) ? known : undefined;
  }
}
