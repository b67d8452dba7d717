import { type ClientConfig, readClientConfig } from './client-config.js';
import { Connection } from './connection.js';
import { Conversation } from './conversation.js';
import type { Environment } from './environment.js';
import { type CallerProof, GatewayCalls } from './gateway-calls.js';
import { LatencyReports } from './latency-reports.js';
import { Microphone } from './microphone.js';
import { Playback } from './playback.js';
import { isOver, isUp, type SessionState, StateMachine } from './session-state.js';
import type { SocketLink } from './socket-link.js';
import { TokenSource, type Wishes } from './token-source.js';
import { stateMessage } from './state-message.js';
import { toVoiceError, VoiceError, type VoiceFault } from './voice-error.js';
import { type LatencyDetail, VoiceEventTarget } from './voice-events.js';

const MAX_TEXT_CHARS = 4000;

export interface VoiceSessionOptions extends CallerProof, Wishes {
  /** By default `config.json` beside this module. */
  readonly configUrl?: string | undefined;
  readonly onLatency?: ((latency: LatencyDetail) => void) | undefined;
}

/** What belongs to one connection, from `connect` to its end. */
interface Call {
  readonly life: AbortController;
  readonly context: AudioContext | undefined;
  conversation?: Conversation;
  connection?: Connection;
  microphone?: Microphone;
  path: SocketLink['path'];
}

/** A spoken conversation with Donna. Its events are told in {@link VoiceEvents}; nothing of it is left after `close`. */
export class VoiceSession extends VoiceEventTarget {
  private readonly machine = new StateMachine();
  private call: Call | undefined;
  private connecting: Promise<void> = Promise.resolve();
  private arrive: { up: () => void; down: (fault: VoiceError) => void } | undefined;
  private wantsToTalk = false;
  private talk: Promise<void> = Promise.resolve();
  private voice: string | undefined;

  constructor(
    private readonly environment: Environment,
    private readonly options: VoiceSessionOptions,
  ) {
    super();
    this.voice = options.voice;
    // As a listener: what it throws is the page's own trouble.
    const { onLatency } = options;
    if (onLatency !== undefined) this.on('latency', ({ detail }) => onLatency(detail));
  }

  get state(): SessionState {
    return this.machine.state;
  }

  /**
   * Connects; to be called when the person clicks or presses something, else browsers play no sound. Resolves when Donna is
   * there; called again meanwhile it waits for the same. @throws VoiceError when that is given up
   */
  connect(): Promise<void> {
    if (!isOver(this.state)) return this.connecting;
    const call: Call = { life: new AbortController(), context: this.makeContext(), path: 'direct' };
    this.call = call;
    this.connecting = new Promise((resolve, reject) => {
      this.arrive = { up: resolve, down: reject };
    });
    // Whoever does not wait learns of it by the state.
    this.connecting.catch(() => undefined);
    this.move('connecting', 'connect');
    this.begin(call).catch((error: unknown) => this.giveUp(call, toVoiceError(error)));
    return this.connecting;
  }

  /** Listens, from now to `stopTalking`; asks for the microphone at the first call. What Donna says is interrupted. */
  startTalking(): Promise<void> {
    this.wantsToTalk = true;
    this.wake(this.call?.context);
    return this.adjustTalk();
  }

  /** Ends a turn: hands over the last of it, commits, and asks for an answer. */
  stopTalking(): Promise<void> {
    this.wantsToTalk = false;
    return this.adjustTalk();
  }

  /** Writes instead of speaking; up to 4000 characters. */
  say(text: string): void {
    const written = text.trim();
    this.wake(this.call?.context);
    if (written === '') return;
    if (written.length > MAX_TEXT_CHARS) this.fail('too_long');
    else if (this.call?.conversation === undefined) this.fail('not_connected');
    else this.call.conversation.say(written);
  }

  /** Donna speaks with another voice; a connection that is there is made anew, for a provider changes no voice. */
  setVoice(voice: string | undefined): void {
    if (voice === this.voice) return;
    this.voice = voice;
    this.call?.connection?.restart();
  }

  /** Ends it: microphone, sound, connection, timers. `connect` begins a new one. */
  close(): void {
    const { call } = this;
    if (call === undefined) {
      this.move('closed', 'close');
      return;
    }
    this.release(call);
    this.arrive?.down(new VoiceError('ended'));
    this.move('closed', 'close');
  }

  private async begin(call: Call): Promise<void> {
    const { environment } = this;
    const { signal } = call.life;
    const proof: CallerProof = { csrfToken: this.options.csrfToken, accessToken: this.options.accessToken };
    const calls = new GatewayCalls(environment, proof);
    const configUrl = new URL(this.options.configUrl ?? 'config.json', environment.moduleUrl).href;
    const config = readClientConfig(await calls.get(configUrl, signal), configUrl);
    if (signal.aborted) return;
    const reports = new LatencyReports(environment, calls);
    const onLatency = (name: LatencyDetail['name'], ms: number, path = call.path) => {
      const latency: LatencyDetail = { name, ms, path };
      this.tell('latency', latency);
      reports.send(config.eventsUrl, latency, signal);
    };
    const conversation = this.makeConversation(call, config, onLatency);
    call.conversation = conversation;
    const tokens = new TokenSource(environment, calls, proof, config);
    const wishes = () => ({ voice: this.voice, instructions: this.options.instructions });
    call.connection = new Connection({
      environment,
      config,
      tokens,
      wishes,
      listener: {
        onUp: (link) => {
          call.path = link.path;
          conversation.attach(link);
          this.arrive?.up();
        },
        onDown: (isWished) => {
          conversation.detach();
          this.move('reconnecting', isWished ? 'voice' : 'connection_lost');
        },
        onWait: (fault, attempt) => this.tellState(fault.code, attempt),
        onGiveUp: (fault) => this.giveUp(call, fault),
        onLatency,
      },
    });
    await call.connection.run();
  }

  private makeConversation(
    call: Call,
    config: ClientConfig,
    onLatency: (name: LatencyDetail['name'], ms: number) => void,
  ): Conversation {
    const playback = new Playback(
      () => call.context,
      (isPlaying) => {
        this.tell('audio', { playback: isPlaying ? 'started' : 'ended' });
        this.follow(call);
      },
    );
    return new Conversation({
      environment: this.environment,
      config,
      playback,
      tell: (name, detail) => this.tell(name, detail),
      onChange: () => this.follow(call, true),
      onLatency,
      onDead: () => call.connection?.lose(),
    });
  }

  /** Takes over the conversation's state; while the connection is away only a new link (`mayRise`) ends that. */
  private follow(call: Call, mayRise = false): void {
    const { conversation, connection } = call;
    if (call !== this.call || conversation === undefined || connection?.isUp !== true) return;
    if (mayRise || isUp(this.state)) this.move(conversation.state, 'conversation');
  }

  /** One change after the other: a button may be pressed again while the last words are handed over. */
  private adjustTalk(): Promise<void> {
    const { call } = this;
    this.talk = this.talk.then(() => this.adjust(call)).catch((error: unknown) => this.fail(toVoiceError(error).code));
    return this.talk;
  }

  private async adjust(call: Call | undefined): Promise<void> {
    const conversation = call?.conversation;
    if (call === undefined || conversation === undefined || call.life.signal.aborted) {
      if (this.wantsToTalk) this.fail('not_connected');
      this.wantsToTalk = false;
      return;
    }
    if (this.wantsToTalk === conversation.isTalking) return;
    if (!this.wantsToTalk) {
      await call.microphone?.flush();
      if (!call.life.signal.aborted) conversation.endTurn();
      return;
    }
    const microphone = await this.openMicrophone(call, conversation);
    // The button was let go while the browser asked.
    if (!this.wantsToTalk || call.life.signal.aborted) return;
    conversation.beginTurn();
    microphone.start();
  }

  private async openMicrophone(call: Call, conversation: Conversation): Promise<Microphone> {
    if (call.microphone !== undefined) return call.microphone;
    try {
      if (call.context === undefined) throw new VoiceError('audio_unsupported');
      const microphone = await Microphone.open(this.environment, call.context, {
        onFrame: (bytes) => conversation.hear(bytes),
        onLost: () => this.loseMicrophone(call),
      });
      if (call.life.signal.aborted) microphone.close();
      else call.microphone = microphone;
      return microphone;
    } catch (error) {
      this.wantsToTalk = false;
      throw error;
    }
  }

  private loseMicrophone(call: Call): void {
    call.microphone?.close();
    delete call.microphone;
    this.fail('microphone_lost');
    void this.stopTalking();
  }

  private giveUp(call: Call, fault: VoiceError): void {
    if (call.life.signal.aborted) return;
    this.release(call);
    this.arrive?.down(fault);
    this.tell('error', { code: fault.code, message: fault.message });
    if (this.machine.move(fault.code === 'ended' ? 'closed' : 'failed')) this.tellState(fault.code);
  }

  private release(call: Call): void {
    call.life.abort();
    call.microphone?.close();
    call.conversation?.close();
    call.connection?.close();
    call.context?.close().catch(() => undefined);
    this.wantsToTalk = false;
    this.call = undefined;
  }

  private makeContext(): AudioContext | undefined {
    try {
      const context = this.environment.createAudioContext();
      this.wake(context);
      return context;
    } catch {
      // Without sound one can still read and write.
      return undefined;
    }
  }

  /** A browser lets sound begin when the person has done something: each of its chances is taken. */
  private wake(context: AudioContext | undefined): void {
    context?.resume().catch(() => undefined);
  }

  private move(to: SessionState, reason: string): void {
    if (this.machine.move(to)) this.tellState(reason);
  }

  private tellState(reason: string, attempt = 0): void {
    const { state } = this;
    const message = stateMessage(state, reason, attempt);
    this.tell('state', { state, reason, message });
  }

  private fail(code: VoiceFault): void {
    this.tell('error', { code, message: new VoiceError(code).message });
  }
}
