import { VoiceSession, type VoiceSessionOptions } from '../../../src/realtime/client/voice-session.js';
import type { VoiceEvents } from '../../../src/realtime/client/voice-events.js';
import { eventually } from '../../support/eventually.js';
import { TestEnvironment } from './test-environment.js';
import type { ServedSocket, VoiceServer } from './voice-server.js';

type Told = { [Name in keyof VoiceEvents]: { name: Name; detail: VoiceEvents[Name] } }[keyof VoiceEvents];

/** A page with one session, which notes all that it is told. */
export class VoicePage {
  readonly environment: TestEnvironment;
  readonly session: VoiceSession;
  readonly told: Told[] = [];

  constructor(
    private readonly server: Pick<VoiceServer, 'origin' | 'sockets'> & Partial<Pick<VoiceServer, 'connection'>>,
    options: VoiceSessionOptions = {},
    prefix = '',
  ) {
    this.environment = new TestEnvironment(`${server.origin}${prefix}`);
    this.session = new VoiceSession(this.environment, { csrfToken: 'proof', ...options });
    this.note('state');
    this.note('transcript');
    this.note('audio');
    this.note('latency');
    this.note('deprecation');
    this.note('error');
  }

  /** Connects; returns the server's side. */
  async connected(): Promise<ServedSocket> {
    const before = this.server.sockets.length;
    await this.session.connect();
    if (this.server.connection === undefined) throw new Error('this server shows no connections');
    return this.server.connection(before + 1);
  }

  /** Speaks for so many frames of 40 ms, and lets the button go. */
  async speak(frames: number): Promise<void> {
    await this.session.startTalking();
    this.environment.audio.speak(frames);
    await this.session.stopTalking();
  }

  of<Name extends keyof VoiceEvents>(name: Name): VoiceEvents[Name][] {
    return this.told.flatMap((one) => (one.name === name ? [one.detail as VoiceEvents[Name]] : []));
  }

  get states(): string[] {
    return this.of('state').map(({ state }) => state);
  }

  get errors(): string[] {
    return this.of('error').map(({ code }) => code);
  }

  until(state: string): Promise<void> {
    return eventually(() => this.session.state === state);
  }

  /** Waits for a pause between two attempts, and lets it pass. */
  async passPause(): Promise<number> {
    // The clock's other timers are those of handshakes, calls and silence: all longer.
    await eventually(() => (this.environment.waits[0] ?? Infinity) <= 4000);
    const [pause = 0] = this.environment.waits;
    this.environment.advance(pause);
    return pause;
  }

  private note<Name extends keyof VoiceEvents>(name: Name): void {
    this.session.on(name, ({ detail }) => void this.told.push({ name, detail } as Told));
  }
}
