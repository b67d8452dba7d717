import { setTimeout as sleep } from 'node:timers/promises';
import { countTokens } from '../receptionist.js';
import { type EventOutlet, makeId } from './event-outlet.js';
import { BYTES_PER_MS } from './pcm-buffer.js';
import type { RealtimeLimits } from './realtime-options.js';
import type { ResponsePlan } from './response-plan.js';
import type { Fields } from './shape.js';
import { speak } from './speech.js';
import { usageOf } from './usage.js';

const PIECE_MS = 100;
const PIECE_BYTES = PIECE_MS * BYTES_PER_MS;
const FLOOD_PIECE_BYTES = 48 * 1024;

/** Why a response does not go on. */
export type Interruption = 'client_cancelled' | 'turn_detected';

/** One response from `response.created` to `response.done`: it is spoken, or written, in pieces and can be interrupted. */
export class ResponseRun {
  readonly id = makeId('resp');
  readonly #itemId = makeId('item');
  readonly #stop = new AbortController();
  readonly #reply: string;
  #said = '';
  #spokenMs = 0;
  #hasItem = false;
  #isOver = false;
  #previous: string | null = null;

  constructor(
    private readonly plan: ResponsePlan,
    private readonly outlet: EventOutlet,
    private readonly limits: Pick<RealtimeLimits, 'pace' | 'thinkMs'>,
    /** Breaks the connection, when the plan says so. */
    private readonly cut: () => void,
  ) {
    const { maxOutputTokens: most, reply } = plan;
    this.#reply = most === 'inf' ? reply : reply.slice(0, most * 4);
  }

  /** Whether somebody has asked it to end. */
  get isInterrupted(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Whether any audio was sent: from then on the voice stays. */
  get hasSpoken(): boolean {
    return this.#spokenMs > 0;
  }

  /** Whether its end has been told, so that the next one may begin. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends it early, with the events of its end; without a reason (the client is gone) silently. */
  interrupt(reason?: Interruption): void {
    this.#stop.abort(reason ?? 'gone');
  }

  /** Returns when it has ended, however it has. */
  async run(): Promise<void> {
    await this.outlet.send('response.created', { response: this.#view('in_progress', null) });
    try {
      await this.#wait(this.limits.thinkMs);
      if (this.plan.words.has('stall')) await this.#wait(2 ** 31 - 1);
      if (this.plan.words.has('fail')) return await this.#end('failed', failure);
      await this.#begin();
      await this.#say();
      if (this.#reply.length === this.plan.reply.length) return await this.#end('completed', null);
      await this.#end('incomplete', { type: 'incomplete', reason: 'max_output_tokens' });
    } catch (error) {
      const { aborted, reason } = this.#stop.signal;
      if (!aborted) throw error;
      if (reason !== 'gone') await this.#end('cancelled', { type: 'cancelled', reason });
    }
  }

  async #begin(): Promise<void> {
    const item = this.#item('in_progress');
    this.#hasItem = true;
    void this.outlet.send('response.output_item.added', { response_id: this.id, output_index: 0, item });
    const { conversation } = this.plan;
    if (conversation !== undefined) {
      const previous = conversation.add({ id: this.#itemId, view: item });
      this.#previous = typeof previous === 'string' ? previous : null;
      void this.outlet.send('conversation.item.added', { previous_item_id: this.#previous, item });
    }
    await this.outlet.send('response.content_part.added', { ...this.#place(), part: this.#part() });
  }

  async #say(): Promise<void> {
    const { modality, voice, speed, words } = this.plan;
    const floodMb = words.value('flood', 10);
    if (floodMb !== undefined) await this.#flood(floodMb * 1024 * 1024);
    const kind = modality === 'text' ? 'response.output_text.delta' : 'response.output_audio_transcript.delta';
    const startedAt = performance.now();
    let dueMs = 0;
    for (const { text, pcm } of speak(this.#reply, voice, speed)) {
      if (words.has('cut') && this.#said.length >= this.#reply.length / 3) this.cut();
      this.#said += text;
      await this.#send(kind, { ...this.#place(), delta: text });
      if (modality === 'text') continue;
      for (let at = 0; at < pcm.byteLength; at += PIECE_BYTES) {
        const piece = pcm.subarray(at, at + PIECE_BYTES);
        await this.#sendAudio(piece);
        dueMs += piece.byteLength / BYTES_PER_MS / this.limits.pace;
        const early = startedAt + dueMs - performance.now();
        if (early > 1) await this.#wait(early);
      }
    }
  }

  async #flood(bytes: number): Promise<void> {
    const piece = Buffer.alloc(FLOOD_PIECE_BYTES);
    for (let sent = 0; sent < bytes; sent += piece.byteLength) await this.#sendAudio(piece);
  }

  async #sendAudio(pcm: Buffer): Promise<void> {
    await this.#send('response.output_audio.delta', { ...this.#place(), delta: pcm.toString('base64') });
    this.#spokenMs += pcm.byteLength / BYTES_PER_MS;
  }

  /** Sends a piece and waits until it is taken: no more than one is ever under way. */
  async #send(type: string, fields: Fields): Promise<void> {
    // A closed outlet takes all at once: whoever went on would never let the process hear of the close.
    if (!this.outlet.isOpen) this.interrupt();
    this.#stop.signal.throwIfAborted();
    await this.outlet.send(type, fields);
    this.#stop.signal.throwIfAborted();
  }

  async #wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal, ref: false });
  }

  async #end(status: string, details: Fields | null): Promise<void> {
    this.#isOver = true;
    if (this.#hasItem) this.#endItem(status === 'completed' ? 'completed' : 'incomplete');
    void this.outlet.send('response.done', { response: this.#view(status, details) });
    await this.outlet.send('rate_limits.updated', { rate_limits: rateLimits(countTokens(this.#said)) });
  }

  #endItem(status: 'completed' | 'incomplete'): void {
    const { conversation, modality } = this.plan;
    if (modality === 'audio') {
      void this.outlet.send('response.output_audio.done', this.#place());
      const fields = { ...this.#place(), transcript: this.#said };
      void this.outlet.send('response.output_audio_transcript.done', fields);
    } else {
      void this.outlet.send('response.output_text.done', { ...this.#place(), text: this.#said });
    }
    void this.outlet.send('response.content_part.done', { ...this.#place(), part: this.#part() });
    const item = this.#item(status);
    if (conversation !== undefined) {
      const spoken = modality === 'audio' ? { spokenMs: Math.round(this.#spokenMs) } : {};
      conversation.replace(this.#itemId, { view: item, ...spoken });
      void this.outlet.send('conversation.item.done', { previous_item_id: this.#previous, item });
    }
    void this.outlet.send('response.output_item.done', { response_id: this.id, output_index: 0, item });
  }

  #place(): Fields {
    return { response_id: this.id, item_id: this.#itemId, output_index: 0, content_index: 0 };
  }

  #part(): Fields {
    return this.plan.modality === 'text'
      ? { type: 'text', text: this.#said }
      : { type: 'audio', transcript: this.#said };
  }

  #item(status: string): Fields {
    const content =
      status === 'in_progress'
        ? []
        : this.plan.modality === 'text'
          ? [{ type: 'output_text', text: this.#said }]
          : [{ type: 'output_audio', transcript: this.#said }];
    return { id: this.#itemId, type: 'message', status, role: 'assistant', content };
  }

  #view(status: string, details: Fields | null): Fields {
    const { plan } = this;
    const isOver = status !== 'in_progress';
    const spokenMs = plan.modality === 'audio' ? this.#spokenMs : undefined;
    return {
      object: 'realtime.response',
      id: this.id,
      status,
      status_details: details,
      output: isOver && this.#hasItem ? [this.#item(status === 'completed' ? 'completed' : 'incomplete')] : [],
      conversation_id: plan.conversation?.id ?? null,
      output_modalities: [plan.modality],
      max_output_tokens: plan.maxOutputTokens,
      audio: { output: { format: { type: 'audio/pcm', rate: 24_000 }, voice: plan.voice } },
      usage: isOver ? usageOf(plan.context, plan.instructions, this.#said, spokenMs) : null,
      metadata: plan.metadata ?? null,
    };
  }
}

const failure = { type: 'failed', error: { type: 'server_error', code: 'server_error' } };

function rateLimits(used: number): readonly Fields[] {
  return [{ name: 'tokens', limit: 40_000, remaining: 40_000 - used, reset_seconds: used / 700 }];
}
