import type { Topic } from './topic.js';

/** Milliseconds for an answer: far above a busy process, and short enough for a request to wait. */
const ANSWER_WITHIN_MS = 500;
const LOOK_EVERY_MS = 100;
/** Questions under way; more are refused. */
const MAX_UNDER_WAY = 10_000;

type Item =
  | readonly ['ask', id: number, topic: string, payload: unknown]
  | readonly ['tell', topic: string, payload: unknown]
  | readonly ['answer', id: number, answer: unknown]
  | readonly ['fault', id: number];

/** The channel below a link: hands over one message, of which JSON is made, in order; it never throws. */
export type SendMessage = (message: readonly unknown[]) => void;

export interface AskOptions<Answer> {
  /** Milliseconds for an answer; 500 when left out. */
  readonly withinMs?: number;
  /** Also while the other side is silent: it will be read when that side reads again. */
  readonly isPatient?: boolean;
  /** Goes out at once, and not at the end of the turn. */
  readonly isUrgent?: boolean;
  /** Hears of an answer that came too late: what was granted there is to be given back. */
  readonly onLate?: (answer: Answer) => void;
}

interface Question {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onLate: ((answer: never) => void) | undefined;
  readonly askedAt: number;
  readonly until: number;
}

/** The other process gave no answer: it stands still, is gone, or has too many questions to answer. */
export class LinkError extends Error {
  override readonly name = 'LinkError';
}

/**
 * One end of the channel between primary and worker: questions, answers and news by topic. What is said in one turn of the event
 * loop goes out in one message. Order is kept. A side that says nothing while it owes an answer counts as gone until it speaks again.
 */
export class Link {
  private outbox: Item[] = [];
  private isWoken = false;
  private isAnswering = true;
  private hasClosed = false;
  private lastId = 0;
  private heardAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly handlers = new Map<string, (payload: never) => unknown>();
  private readonly questions = new Map<number, Question>();
  /** Given up, and not answered yet. */
  private readonly late = new Map<number, Question['onLate']>();
  private readonly upListeners: (() => void)[] = [];
  private readonly collectors: (() => void)[] = [];

  constructor(private readonly send: SendMessage) {}

  /** Whether the other side answers, as far as is known. */
  get isUp(): boolean {
    return this.isAnswering && !this.hasClosed;
  }

  /** Whether the channel is gone for good. */
  get isClosed(): boolean {
    return this.hasClosed;
  }

  /** Questions that the other side has not answered yet, in time or late. */
  get underWay(): number {
    return this.questions.size + this.late.size;
  }

  /** Answers the questions, and hears the news, of a topic. A handler that throws is a fault of the asker's answer. */
  handle<Ask, Answer>(topic: Topic<Ask, Answer>, handler: (payload: Ask) => Answer | Promise<Answer>): void {
    this.handlers.set(topic.name, handler as (payload: never) => unknown);
  }

  /** Calls back whenever a silent side has spoken again. */
  onUp(listener: () => void): void {
    this.upListeners.push(listener);
  }

  /** Calls back just before a message goes out: who gathers what is asked in a turn hands it over there. See `wake`. */
  beforeSend(collect: () => void): void {
    this.collectors.push(collect);
  }

  /** @throws LinkError */
  ask<Ask, Answer>(topic: Topic<Ask, Answer>, payload: Ask, options: AskOptions<Answer> = {}): Promise<Answer> {
    const { withinMs = ANSWER_WITHIN_MS, isPatient = false, isUrgent = false, onLate } = options;
    if (this.isClosed || (!this.isAnswering && !isPatient) || this.underWay >= MAX_UNDER_WAY)
      return Promise.reject(new LinkError(`${topic.name}: nobody answers`));
    this.lastId += 1;
    const id = this.lastId;
    const askedAt = performance.now();
    this.put(['ask', id, topic.name, payload]);
    if (isUrgent) this.flush();
    return new Promise<Answer>((resolve, reject) => {
      const done = resolve as (answer: unknown) => void;
      this.questions.set(id, { resolve: done, reject, onLate, askedAt, until: askedAt + withinMs });
      this.watch();
    });
  }

  /** Says something that wants no answer. Nothing is told to a side that is gone for good. */
  tell<News>(topic: Topic<News, void>, news: News): void {
    if (!this.isClosed) this.put(['tell', topic.name, news]);
  }

  /** Sends at the end of this turn, whatever there is by then. */
  wake(): void {
    if (this.isWoken) return;
    this.isWoken = true;
    setImmediate(() => this.flush());
  }

  /** Takes a message of the other side. */
  receive(message: unknown): void {
    if (!Array.isArray(message) || this.isClosed) return;
    this.heardAt = performance.now();
    const wasAway = !this.isAnswering;
    this.isAnswering = true;
    for (const item of message as Item[]) this.take(item);
    if (wasAway) for (const listener of this.upListeners) listener();
  }

  /** The channel is gone: nobody gets an answer any more. */
  close(): void {
    if (this.isClosed) return;
    this.hasClosed = true;
    clearTimeout(this.timer);
    const open = [...this.questions.values()];
    this.questions.clear();
    this.late.clear();
    this.outbox = [];
    for (const { reject } of open) reject(new LinkError('the other process is gone'));
  }

  private put(item: Item): void {
    this.outbox.push(item);
    this.wake();
  }

  private flush(): void {
    for (const collect of this.collectors) collect();
    const items = this.outbox;
    this.outbox = [];
    this.isWoken = false;
    if (items.length > 0 && !this.isClosed) this.send(items);
  }

  private take(item: Item): void {
    switch (item[0]) {
      case 'ask':
        void this.answer(item[1], item[2], item[3]);
        return;
      case 'tell':
        void this.run(item[1], item[2]).catch(() => undefined);
        return;
      case 'answer':
        this.settle(item[1], item[2]);
        return;
      case 'fault': {
        const question = this.questions.get(item[1]);
        this.questions.delete(item[1]);
        this.late.delete(item[1]);
        question?.reject(new LinkError('the other process could not answer'));
      }
    }
  }

  private settle(id: number, answer: unknown): void {
    const question = this.questions.get(id);
    if (question !== undefined) {
      this.questions.delete(id);
      question.resolve(answer);
      return;
    }
    const onLate = this.late.get(id);
    if (this.late.delete(id)) onLate?.(answer as never);
  }

  /** What can be answered at once is: no promise, and no turn, in between. */
  private answer(id: number, topic: string, payload: unknown): void | Promise<void> {
    const fail = (): void => this.put(['fault', id]);
    try {
      const answer = this.handlerOf(topic)(payload as never);
      if (!(answer instanceof Promise)) return this.put(['answer', id, answer]);
      return answer.then((settled: unknown) => this.put(['answer', id, settled]), fail);
    } catch {
      return fail();
    }
  }

  private async run(topic: string, payload: unknown): Promise<void> {
    await this.handlerOf(topic)(payload as never);
  }

  private handlerOf(topic: string): (payload: never) => unknown {
    const handler = this.handlers.get(topic);
    if (handler === undefined) throw new LinkError(`nobody hears of ${topic}`);
    return handler;
  }

  private watch(): void {
    if (this.timer !== undefined) return;
    this.timer = setTimeout(() => {
      // One turn later: after a pause of this process the answers may lie in the channel, unread.
      setImmediate(() => this.look());
    }, LOOK_EVERY_MS).unref();
  }

  private look(): void {
    this.timer = undefined;
    const now = performance.now();
    for (const [id, question] of this.questions) {
      if (question.until > now) continue;
      this.questions.delete(id);
      this.late.set(id, question.onLate);
      // Who has said something since is there, and only slow at this one question.
      if (this.heardAt < question.askedAt) this.isAnswering = false;
      question.reject(new LinkError('no answer in time'));
    }
    if (this.questions.size > 0 && !this.isClosed) this.watch();
  }
}
