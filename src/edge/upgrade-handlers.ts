import { Injectable } from '@nestjs/common';
import type { Socket } from 'node:net';
import type { GatewayError } from '../contract/index.js';
import type { Exchange } from '../trace/index.js';

/** Takes the upgrades of a route of the gateway's own, once all of the route's policies are passed. */
export interface UpgradeHandler {
  /** Answers the 101 itself and keeps the socket; what it returns instead is answered as any refusal, and nothing is kept. */
  take(exchange: Exchange, socket: Socket, head: Buffer): GatewayError | undefined | Promise<GatewayError | undefined>;
  /** The process is to stop in `graceMs` ms: what is open ends of itself within half of that. */
  drain(graceMs: number): void;
}

/** Those who take upgrades natively, by the handler's name in the route table; plain requests go to the `@NativeHandler` of that name. */
@Injectable()
export class UpgradeHandlers {
  private readonly handlers = new Map<string, UpgradeHandler>();

  register(name: string, handler: UpgradeHandler): void {
    this.handlers.set(name, handler);
  }

  /** The one that takes the upgrades of a route; undefined where an upstream does. */
  of({
    upstream,
    handler,
  }: {
    readonly upstream?: string | undefined;
    readonly handler?: string | undefined;
  }): UpgradeHandler | undefined {
    return upstream === undefined && handler !== undefined ? this.handlers.get(handler) : undefined;
  }

  drain(graceMs: number): void {
    for (const handler of this.handlers.values()) handler.drain(graceMs);
  }
}
