import { type ClientConfig, SAMPLE_RATE } from './client-config.js';
import type { Cancel, Environment } from './environment.js';
import { fromBase64 } from './pcm16.js';
import { PersonTurns } from './person-turns.js';
import type { Playback } from './playback.js';
import { ResponseQueue } from './response-queue.js';
import { type OutputPart, readServerEvent, type ServerEvent } from './server-events.js';
import type { Frame, SendFrame, SocketLink } from './socket-link.js';
import { Utterances } from './utterances.js';
import { VoiceError, type VoiceFault } from './voice-error.js';
import type { LatencyName, Tell } from './voice-events.js';

/** A connection on which an answer is awaited, and nothing comes for so long, is taken for lost. */
const SILENCE_MS = 20_000;
const TRANSCRIBER = 'gpt-4o-mini-transcribe';

export interface ConversationParts {
  readonly environment: Environment;
  readonly config: ClientConfig;
  readonly playback: Playback;
  readonly tell: Tell;
  /** Something has happened that may change the state. */
  readonly onChange: () => void;
  readonly onLatency: (name: LatencyName, ms: number) => void;
  /** Nobody answers on this link any more. */
  readonly onDead: () => void;
}

/** Who says what to whom, over one link after another. */
export class Conversation {
  private link: SocketLink | undefined;
  private readonly utterances = new Utterances();
  private readonly turns: PersonTurns;
  private responses: ResponseQueue;
  /** The provider hears the person speak (server VAD). */
  private isHeard = false;
  private askedAt = 0;
  /** Which firsts of this answer are still to come. */
  private readonly awaitedFirsts = new Set<LatencyName>();
  private hasSounded = false;
  /** Over which the sound came that is playing: another one knows nothing of its items. */
  private soundedOver: SocketLink | undefined;
  private stopWatch: Cancel = () => undefined;

  constructor(private readonly parts: ConversationParts) {
    this.turns = new PersonTurns(parts.config.bufferMs, this.send);
    this.responses = new ResponseQueue(this.send);
  }

  get isTalking(): boolean {
    return this.turns.isTalking;
  }

  /** What goes on while the connection is up. */
  get state(): 'ready' | 'listening' | 'thinking' | 'speaking' {
    const { playback, config } = this.parts;
    if (this.isTalking && !config.serverVad) return 'listening';
    if (playback.isPlaying || (this.hasSounded && this.responses.isAwaited)) return 'speaking';
    if (this.responses.isAwaited || this.turns.isUnanswered) return 'thinking';
    return this.isTalking ? 'listening' : 'ready';
  }

  /** Goes on over a new link: tells it what was said, and asks again what was not answered. */
  attach(link: SocketLink): void {
    this.link = link;
    this.responses = new ResponseQueue(this.send);
    this.isHeard = false;
    this.send({ type: 'session.update', session: sessionOf(this.parts.config) });
    for (const item of this.utterances.asItems()) this.send({ type: 'conversation.item.create', item });
    link.listen((frame) => this.receive(frame));
    const { isAsked, isCut, isHopeless } = this.turns.resend();
    if (isCut) this.fail('audio_dropped');
    if (isHopeless) this.fail('answer_failed');
    if (isAsked) this.ask();
    this.parts.onChange();
  }

  /** The link is gone. What has arrived goes on playing. */
  detach(): void {
    this.link = undefined;
    this.stopWatch();
  }

  /** The person begins to speak: whatever Donna says is interrupted. */
  beginTurn(): void {
    // With server VAD the provider says when somebody really speaks.
    if (!this.parts.config.serverVad) this.interrupt();
    this.turns.begin();
    this.parts.onChange();
  }

  /** @param bytes PCM16 of the microphone */
  hear(bytes: ArrayBuffer): void {
    this.turns.hear(bytes);
  }

  /** The person has spoken: commits, and asks for an answer. */
  endTurn(): void {
    if (this.parts.config.serverVad && !this.isHeard) {
      // All that was said is answered already.
      this.turns.drop();
    } else if (this.turns.end()) this.ask();
    else {
      this.turns.drop();
      this.fail('too_short');
    }
    this.parts.onChange();
  }

  say(text: string): void {
    this.interrupt();
    this.parts.tell('transcript', { role: 'user', text, isFinal: true, itemId: '' });
    this.turns.write(text);
    this.ask();
    this.parts.onChange();
  }

  /** Falls silent for good. */
  close(): void {
    this.detach();
    this.turns.drop();
    this.parts.playback.interrupt();
  }

  private interrupt(): void {
    const interrupted = this.parts.playback.interrupt();
    this.responses.cancel();
    if (interrupted === undefined || interrupted.itemId === '' || this.soundedOver !== this.link) return;
    const { itemId, contentIndex, playedMs } = interrupted;
    // So that Donna knows which of her words were heard.
    const place = { item_id: itemId, content_index: contentIndex, audio_end_ms: playedMs };
    this.responses.sendWhenOver({ type: 'conversation.item.truncate', ...place });
  }

  /** Without a link, the next one asks. */
  private ask(): void {
    if (this.link === undefined) return;
    this.expectAnswer();
    this.responses.ask();
    this.watch();
  }

  private expectAnswer(): void {
    this.askedAt = this.parts.environment.now();
    this.hasSounded = false;
    this.awaitedFirsts.add('first_audio').add('first_transcript');
  }

  /** A link that takes nothing more would lose what is said: it is given up, and all is said again on another. */
  private readonly send: SendFrame = (frame) => {
    if (this.link?.send(frame) === false) this.parts.onDead();
  };

  // ── What the server says ────────────────────────────────────────────────────────────────────────────────────────

  private receive(frame: Frame): void {
    const event = readServerEvent(frame);
    if (event !== undefined) this.heed(event);
    this.watch();
    this.parts.onChange();
  }

  private heed(event: ServerEvent): void {
    switch (event.kind) {
      case 'audio':
        return this.sound(event.of, event.base64);
      case 'answer':
        return this.show(event);
      case 'heard':
        return this.tellUtterance('user', event.itemId, event);
      case 'response-created':
        return this.responses.onCreated(event.id);
      case 'response-done':
        return this.responses.onDone(event.id) ? this.endAnswer(event.hasFailed) : undefined;
      case 'speech-started':
        this.isHeard = true;
        return this.parts.config.serverVad ? this.interrupt() : undefined;
      case 'speech-stopped':
        this.isHeard = false;
        this.turns.renew();
        return this.expectAnswer();
      case 'upstream-closed':
        return this.parts.onDead();
      case 'deprecation':
        return this.parts.tell('deprecation', { use: event.use });
      case 'fault':
        return this.heedFault(event);
    }
  }

  private heedFault({ code, eventId }: { readonly code: string; readonly eventId: string }): void {
    // The answer had ended by itself before it was cancelled.
    if (code === 'response_cancel_not_active') return;
    // The provider's own bound of an hour: it closes, with whatever code, and a new session goes on.
    if (code === 'session_expired') this.parts.onDead();
    else if (this.responses.onFault(eventId)) this.endAnswer(true, code);
    else this.fail('provider_fault', code);
  }

  private sound({ responseId, itemId: id, contentIndex }: OutputPart, base64: string): void {
    const bytes = this.responses.accepts(responseId) ? fromBase64(base64) : undefined;
    if (bytes === undefined || bytes.byteLength === 0) return;
    this.beginAnswer('first_audio');
    if (!this.parts.playback.play(bytes, { id, contentIndex })) return;
    this.hasSounded = true;
    this.soundedOver = this.link;
  }

  private show(event: ServerEvent & { kind: 'answer' }): void {
    if (!this.responses.accepts(event.of.responseId)) return;
    this.beginAnswer('first_transcript');
    this.tellUtterance('assistant', event.of.itemId, event);
  }

  private tellUtterance(role: 'user' | 'assistant', itemId: string, part: { text: string; isFinal: boolean }): void {
    const { isFinal } = part;
    const text = isFinal ? part.text : this.utterances.grow(itemId, part.text);
    if (isFinal) this.utterances.complete(itemId, role, text);
    this.parts.tell('transcript', { role, text, isFinal, itemId });
  }

  private beginAnswer(first: 'first_audio' | 'first_transcript'): void {
    this.settleTurns();
    if (this.awaitedFirsts.delete(first)) this.parts.onLatency(first, this.parts.environment.now() - this.askedAt);
  }

  private endAnswer(hasFailed: boolean, detail = ''): void {
    this.settleTurns();
    if (hasFailed) this.fail('answer_failed', detail);
  }

  private settleTurns(): void {
    for (const text of this.turns.settle()) this.utterances.complete('', 'user', text);
  }

  private watch(): void {
    this.stopWatch();
    if (this.link !== undefined && this.responses.isAwaited)
      this.stopWatch = this.parts.environment.after(SILENCE_MS, this.parts.onDead);
  }

  private fail(code: VoiceFault, detail = ''): void {
    this.parts.tell('error', { code, message: new VoiceError(code).message, ...(detail === '' ? {} : { detail }) });
  }
}

/** What the client demands of a session, however it was begun (GA shape). */
function sessionOf({ serverVad }: ClientConfig): object {
  const format = { type: 'audio/pcm', rate: SAMPLE_RATE };
  const input = {
    format,
    transcription: { model: TRANSCRIBER },
    // Null: the client says when somebody has spoken.
    turn_detection: serverVad ? { type: 'server_vad' } : null,
  };
  return { type: 'realtime', audio: { input, output: { format } } };
}
