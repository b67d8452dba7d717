import { SAMPLE_RATE } from './client-config.js';
import { toBase64 } from './pcm16.js';
import type { SendFrame } from './socket-link.js';
import { SpeechBuffer } from './speech-buffer.js';
import { messageItem } from './utterances.js';

/** A provider takes no commit of less. */
const SHORTEST_MS = 100;
/** How often a question is asked, each time on a new connection. */
const MAX_SENDS = 3;
const MAX_UNANSWERED = 8;
const BYTES_PER_MS = (SAMPLE_RATE * 2) / 1000;

interface SpeechTurn {
  readonly speech: SpeechBuffer;
  isSaid: boolean;
  sends: number;
}

interface TextTurn {
  readonly text: string;
  sends: number;
}

/** What came of asking again. */
export interface Resent {
  /** Something awaits an answer. */
  readonly isAsked: boolean;
  /** The beginning of what was said is lost. */
  readonly isCut: boolean;
  /** Something was asked so often in vain that it is not asked again. */
  readonly isHopeless: boolean;
}

/** What the person says and writes, each turn kept until its answer begins, so that it can be sent again on a new link. */
export class PersonTurns {
  private unanswered: (SpeechTurn | TextTurn)[] = [];
  private speaking: SpeechTurn | undefined;

  constructor(
    private readonly bufferMs: number,
    private readonly send: SendFrame,
  ) {}

  /** The person speaks now. */
  get isTalking(): boolean {
    return this.speaking !== undefined;
  }

  /** Something complete awaits its answer. */
  get isUnanswered(): boolean {
    return this.unanswered.some((turn) => turn !== this.speaking);
  }

  begin(): void {
    this.speaking = { speech: new SpeechBuffer(this.bufferMs), isSaid: false, sends: 1 };
    this.add(this.speaking);
  }

  /** @param bytes PCM16 of the microphone */
  hear(bytes: ArrayBuffer): void {
    if (this.speaking === undefined) return;
    const audio = toBase64(bytes);
    this.speaking.speech.push(audio, bytes.byteLength / BYTES_PER_MS);
    this.send({ type: 'input_audio_buffer.append', audio });
  }

  /** Commits what was said. False for what was too short to be anything. */
  end(): boolean {
    const turn = this.speaking;
    this.speaking = undefined;
    if (turn === undefined || turn.speech.saidMs < SHORTEST_MS) return false;
    turn.isSaid = true;
    this.send({ type: 'input_audio_buffer.commit' });
    return true;
  }

  /** Nothing that was said or begun wants an answer any more. */
  drop(): void {
    this.speaking = undefined;
    this.unanswered = [];
    this.send({ type: 'input_audio_buffer.clear' });
  }

  write(text: string): void {
    this.add({ text, sends: 1 });
    this.sendText(text);
  }

  /** The provider has taken by itself what was said up to now. */
  renew(): void {
    if (this.speaking === undefined) return;
    this.unanswered = this.unanswered.filter((turn) => turn !== this.speaking);
    this.begin();
  }

  /** An answer has begun: what came before need not be asked again. Returns what of it was written. */
  settle(): readonly string[] {
    const settled = this.unanswered.filter((turn) => turn !== this.speaking);
    this.unanswered = this.unanswered.filter((turn) => turn === this.speaking);
    return settled.flatMap((turn) => ('text' in turn ? [turn.text] : []));
  }

  /** Sends all of it again, over a new link. */
  resend(): Resent {
    const isHopeless = this.unanswered.some(({ sends }) => sends >= MAX_SENDS);
    this.unanswered = this.unanswered.filter((turn) => turn === this.speaking || turn.sends < MAX_SENDS);
    let isCut = false;
    for (const turn of this.unanswered) {
      turn.sends += 1;
      if ('text' in turn) this.sendText(turn.text);
      else {
        isCut ||= turn.speech.isCut;
        for (const audio of turn.speech.kept()) this.send({ type: 'input_audio_buffer.append', audio });
        if (turn.isSaid) this.send({ type: 'input_audio_buffer.commit' });
      }
    }
    return { isAsked: this.isUnanswered, isCut, isHopeless };
  }

  private sendText(text: string): void {
    this.send({ type: 'conversation.item.create', item: messageItem('user', text) });
  }

  private add(turn: SpeechTurn | TextTurn): void {
    this.unanswered.push(turn);
    if (this.unanswered.length > MAX_UNANSWERED) this.unanswered.shift();
  }
}
