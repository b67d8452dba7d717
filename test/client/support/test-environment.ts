import type { Cancel, Environment } from '../../../src/realtime/client/environment.js';
import { FakeAudio } from './fake-audio.js';

interface Timer {
  readonly atMs: number;
  readonly run: () => void;
}

/** Real sockets and calls; a clock that stands until the test moves it, dice that the test throws, and no ears. */
export class TestEnvironment implements Environment {
  readonly audio = new FakeAudio();
  readonly sockets: WebSocket[] = [];
  readonly moduleUrl: string;
  dice = 0.5;
  private blocked: string | undefined;
  private nowMs = 0;
  private readonly startedAt = Date.now();
  private readonly timers = new Set<Timer>();

  /** @param origin of the gateway, perhaps with a prefix */
  constructor(origin: string) {
    this.moduleUrl = `${origin}/realtime/donna-realtime.js`;
  }

  fetch(url: string, init: RequestInit): Promise<Response> {
    return fetch(url, init);
  }

  openSocket(url: string, protocols: readonly string[]): WebSocket {
    // A port that nobody listens on: what a firewall makes of it.
    const isBlocked = this.blocked !== undefined && url.includes(this.blocked);
    const socket = new WebSocket(isBlocked ? 'ws://127.0.0.1:9/' : url, [...protocols]);
    this.sockets.push(socket);
    return socket;
  }

  /** From now on no socket opens whose address has this in it. */
  blockSockets(part: string): void {
    this.blocked = part;
  }

  now(): number {
    return this.nowMs;
  }

  time(): number {
    return this.startedAt + this.nowMs;
  }

  random(): number {
    return this.dice;
  }

  after(ms: number, run: () => void): Cancel {
    const timer = { atMs: this.nowMs + ms, run };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  createAudioContext(): AudioContext {
    return this.audio.createContext();
  }

  askForMicrophone(): Promise<MediaStream> {
    return this.audio.askForMicrophone();
  }

  createWorkletNode(): AudioWorkletNode {
    return this.audio.createWorkletNode();
  }

  /** Milliseconds until each timer that runs, soonest first. */
  get waits(): number[] {
    return [...this.timers].map(({ atMs }) => atMs - this.nowMs).sort((a, b) => a - b);
  }

  /** Lets time pass, and what was waiting for it happen in order. */
  advance(ms: number): void {
    const until = this.nowMs + ms;
    for (;;) {
      const [next] = [...this.timers].filter(({ atMs }) => atMs <= until).sort((a, b) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.timers.delete(next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.run();
    }
    this.nowMs = until;
  }
}
