import { Injectable } from '@nestjs/common';
import { isDeepStrictEqual } from 'node:util';
import type { RouteTable, UpstreamSettings } from '../routing/index.js';
import { Upstream } from './upstream.js';

/** Requests that a reload finds before their call to PHP have this long to begin it. */
const LINGER_MS = 60_000;

/** The upstreams in use. A reload keeps those whose settings did not change, with their connections and breakers. */
@Injectable()
export class Upstreams {
  private current = new Map<string, Upstream>();
  private readonly retired = new Set<Upstream>();

  /** Makes the table's upstreams the ones in use. */
  use(upstreams: RouteTable['upstreams']): void {
    const next = new Map<string, Upstream>();
    for (const [name, settings] of upstreams) next.set(name, this.unchanged(name, settings) ?? new Upstream(settings));
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
    await Promise.all([...this.current.values(), ...this.retired].map((upstream) => upstream.close()));
    this.current.clear();
    this.retired.clear();
  }

  private retire(upstream: Upstream): void {
    upstream.stopProbing();
    this.retired.add(upstream);
    const finish = (): void => {
      void upstream.retire().finally(() => this.retired.delete(upstream));
    };
    setTimeout(finish, LINGER_MS).unref();
  }

  private unchanged(name: string, settings: UpstreamSettings): Upstream | undefined {
    const known = this.current.get(name);
    return known !== undefined && isDeepStrictEqual(known.settings, settings) ? known : undefined;
  }
}
