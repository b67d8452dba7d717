import type { SendFrame } from './socket-link.js';

/**
 * The answers of one link, one at a time: a provider refuses a second while one is under way, goes on sending an answer for a
 * moment after it was cancelled, and cannot cancel one that it has not begun.
 */
export class ResponseQueue {
  private activeId: string | undefined;
  /** The `event_id` of a `response.create` that is not answered yet. */
  private askedBy: string | undefined;
  private isCancelled = false;
  private isWanted = false;
  private asked = 0;
  private sendAtEnd: Parameters<SendFrame>[0] | undefined;

  constructor(private readonly send: SendFrame) {}

  private get isBusy(): boolean {
    return this.activeId !== undefined || this.askedBy !== undefined;
  }

  /** Whether an answer is to come that nobody has cancelled. */
  get isAwaited(): boolean {
    return this.isWanted || (this.isBusy && !this.isCancelled);
  }

  /** Asks for an answer, now or as soon as the one before has ended. */
  ask(): void {
    if (this.isBusy) {
      this.isWanted = true;
      return;
    }
    this.asked += 1;
    this.askedBy = `donna-${this.asked}`;
    this.isCancelled = false;
    this.send({ type: 'response.create', event_id: this.askedBy });
  }

  /** Wants nothing more of the answer that is under way, or was asked for. */
  cancel(): void {
    this.isWanted = false;
    if (this.isCancelled || !this.isBusy) return;
    this.isCancelled = true;
    if (this.activeId !== undefined) this.sendCancel(this.activeId);
  }

  /** Sends a frame about an answer when that has ended: a provider changes no item that still grows. */
  sendWhenOver(frame: Parameters<SendFrame>[0]): void {
    if (this.activeId === undefined) this.send(frame);
    else this.sendAtEnd = frame;
  }

  /** Whether a part of an answer is to be shown and played. */
  accepts(responseId: string): boolean {
    if (this.isCancelled) return false;
    return responseId === '' || this.activeId === undefined || this.activeId === '' || responseId === this.activeId;
  }

  onCreated(id: string): void {
    this.activeId = id;
    this.askedBy = undefined;
    if (this.isCancelled) this.sendCancel(id);
  }

  /** Whether it was the one that is awaited, and nobody has cancelled it. */
  onDone(id: string): boolean {
    if (this.activeId !== undefined && id !== '' && this.activeId !== '' && id !== this.activeId) return false;
    return this.finish();
  }

  /** Whether a fault says that an answer will not come. */
  onFault(eventId: string): boolean {
    if (eventId === '' || eventId !== this.askedBy) return false;
    return this.finish();
  }

  private finish(): boolean {
    const wasAwaited = this.isBusy && !this.isCancelled;
    this.activeId = undefined;
    this.askedBy = undefined;
    this.isCancelled = false;
    if (this.sendAtEnd !== undefined) this.send(this.sendAtEnd);
    this.sendAtEnd = undefined;
    if (!this.isWanted) return wasAwaited;
    this.isWanted = false;
    this.ask();
    return false;
  }

  private sendCancel(id: string): void {
    this.send({ type: 'response.cancel', ...(id === '' ? {} : { response_id: id }) });
  }
}
