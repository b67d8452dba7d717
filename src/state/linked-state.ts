import type { OnModuleInit } from '@nestjs/common';
import { type Link, LinkError, type Topic } from '../workers/index.js';
import { LinkedMap } from './linked-map.js';
import { type ReplicatedMap, type SharedState, StateUnavailableError } from './shared-state.js';
import { MAPS, STATE } from './state-topics.js';
import { wholeMs } from './whole-ms.js';

/** The shared state of a worker: the primary keeps it. */
export class LinkedState implements SharedState, OnModuleInit {
  private readonly maps = new Map<string, LinkedMap>();

  constructor(private readonly link: Link) {
    link.handle(MAPS.changed, ([name, key, value, ttlMs]) => this.mapOf(name).learn(key, value, ttlMs));
    link.onUp(() => {
      for (const map of this.maps.values()) map.give();
    });
  }

  /** What the other workers know is known here before the first request. */
  async onModuleInit(): Promise<void> {
    const entries = await this.ask(MAPS.all, null);
    for (const [name, key, value, ttlMs] of entries) this.mapOf(name).learn(key, value, ttlMs);
  }

  async get(key: string): Promise<string | undefined> {
    return (await this.ask(STATE.get, key)) ?? undefined;
  }

  set(key: string, value: string, ttlMs: number): Promise<void> {
    return this.ask(STATE.set, [key, value, wholeMs(ttlMs)]);
  }

  add(key: string, value: string, ttlMs: number): Promise<boolean> {
    return this.ask(STATE.add, [key, value, wholeMs(ttlMs)]);
  }

  swap(key: string, expected: string, value: string, ttlMs: number): Promise<boolean> {
    return this.ask(STATE.swap, [key, expected, value, wholeMs(ttlMs)]);
  }

  delete(key: string): Promise<void> {
    return this.ask(STATE.delete, key);
  }

  replicatedMap(name: string): ReplicatedMap {
    return this.mapOf(name);
  }

  private mapOf(name: string): LinkedMap {
    const known = this.maps.get(name);
    if (known !== undefined) return known;
    const made = new LinkedMap(name, this.link);
    this.maps.set(name, made);
    return made;
  }

  private async ask<Ask, Answer>(topic: Topic<Ask, Answer>, payload: Ask): Promise<Answer> {
    try {
      return await this.link.ask(topic, payload);
    } catch (error) {
      if (error instanceof LinkError) throw new StateUnavailableError({ cause: error });
      throw error;
    }
  }
}
