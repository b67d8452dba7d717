import type { FoundSecret } from '../../secrets/index.js';
import { codeOfWord, type Exchange } from '../../trace/index.js';
import { answerWithError, joinedBody } from '../../contract/index.js';
import { AnswerStream, printable } from './answer-stream.js';
import { type EnvelopedAnswer, envelopeAnswer } from './envelope-answer.js';
import { type ForwardError, toClientError } from '../forward-error.js';
import type { AnswerFlow, AnswerHead, AnswerReceiver, UpstreamCall } from '../forwarders/forwarder.js';
import type { RouteAnswerRules } from './route-answer-rules.js';
import { transformAnswerHeaders, type TransformedHeaders } from '../transforms/answer-headers.js';
import type { Target } from '../upstream/target.js';

/** The parts of a call, and what follows it, in the timeline of a request. */
const CONNECT = codeOfWord('php: connect');
const HEADERS = codeOfWord('php: headers');
const BODY = codeOfWord('php: body');
const ENVELOPE = codeOfWord('envelope');
const ANSWER = codeOfWord('answer');

/** Hears how a call goes. */
export interface CallObserver {
  /** Once: with undefined when the head of an answer arrived, else with the failure. */
  onBegun(failure: ForwardError | undefined): void;
  /** The call holds no connection any more. */
  onOver(): void;
}

type State = 'waiting' | 'reading' | 'streaming' | 'done';

/**
 * Brings one upstream answer to the client: streamed as it comes, or read whole (within a bound) where the envelope must
 * be made right. Owns the call's deadlines; a slow client pauses PHP, a client that leaves ends the call.
 */
export class AnswerRelay implements AnswerReceiver {
  private state: State = 'waiting';
  private head: AnswerHead | undefined;
  private transformed: TransformedHeaders | undefined;
  private stream: AnswerStream | undefined;
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private deadline: NodeJS.Timeout | undefined;
  private underWay: UpstreamCall | undefined;
  private readonly startedAt: number;
  /** The part of the call that is under way, and when it ended, by their places in the timeline. */
  private part: number;

  /** `call`: its place in the timeline. */
  constructor(
    private readonly exchange: Exchange,
    private readonly rules: RouteAnswerRules,
    private readonly target: Target,
    private readonly retryAfterS: number,
    private readonly call: number,
    private readonly observer: CallObserver,
  ) {
    const { timeline } = exchange;
    this.startedAt = timeline.now();
    this.part = timeline.begin(CONNECT, 2, this.startedAt);
  }

  /** Starts the clock and takes the way to abandon the call. */
  begin(underWay: UpstreamCall): void {
    this.underWay = underWay;
    if (this.state !== 'waiting') return;
    const { timeoutMs } = this.rules.policies;
    if (this.exchange.res.destroyed) {
      this.giveUp({ stage: 'request', cause: 'client-left' });
      return;
    }
    this.exchange.res.on('close', () => this.onClientClose());
    this.deadline = setTimeout(
      () => this.giveUp({ stage: this.head === undefined ? 'request' : 'answer', cause: 'timeout' }),
      timeoutMs,
    );
  }

  /** The request's body is still passing: the wait for an answer begins after it. */
  noteProgress(): void {
    if (this.state === 'waiting') this.deadline?.refresh();
  }

  onSent(): void {
    if (this.state === 'waiting') this.turnTo(HEADERS);
  }

  onHead(head: AnswerHead, flow: AnswerFlow): void {
    if (this.state !== 'waiting') return;
    this.head = head;
    this.turnTo(BODY, statusWord(head.status));
    this.exchange.notes.upstreamMs = Math.round((this.exchange.timeline.last - this.startedAt) * 10) / 10;
    try {
      this.transformed = transformAnswerHeaders(head.headers, this.rules.headerContext(this.exchange, this.target));
      if (this.rules.isEndless(this.transformed.contentType)) {
        this.giveUp({ stage: 'answer', cause: 'malformed' });
        return;
      }
      const { policies, secrets } = this.rules;
      const { headers, contentType = '', contentEncoding = '' } = this.transformed;
      const all = [...headers, 'content-type', contentType, 'content-encoding', contentEncoding];
      const found = secrets.findInHead(policies, head.statusText, all);
      if (found !== undefined) {
        this.stop(found);
        return;
      }
      if (this.rules.mustRead(head.status, this.transformed, this.exchange.method)) this.state = 'reading';
      else this.startStreaming(head, this.transformed, flow);
    } catch {
      // A field that cannot be read as what it should be: no answer that a client could use.
      this.giveUp({ stage: 'answer', cause: 'malformed' });
      return;
    }
    this.observer.onBegun(undefined);
  }

  onData(chunk: Buffer): void {
    if (this.state === 'reading') {
      this.bytes += chunk.byteLength;
      if (this.bytes > this.rules.policies.maxAnswerBytes) this.giveUp({ stage: 'answer', cause: 'malformed' });
      else this.chunks.push(chunk);
    } else if (this.state === 'streaming') {
      this.deadline?.refresh();
      this.stream?.write(chunk);
    }
  }

  onEnd(): void {
    if (this.state === 'streaming') {
      this.stream?.end();
    } else if (this.state === 'reading' && this.head !== undefined && this.transformed !== undefined) {
      this.finish();
      this.exchange.timeline.step(ENVELOPE);
      const [only] = this.chunks;
      const body = this.chunks.length === 1 && only !== undefined ? only : Buffer.concat(this.chunks, this.bytes);
      const answer = envelopeAnswer(this.exchange, this.rules, this.head, this.transformed, body);
      if (answer instanceof Promise) void answer.then((settled) => this.send(settled));
      else this.send(answer);
    }
  }

  onError(error: ForwardError): void {
    const { state } = this;
    if (state === 'done') return;
    if (error.cause !== 'secret' && error.cause !== 'unwritable') this.stream?.sendBroken();
    this.finish();
    this.exchange.timeline.say(this.call, codeOfWord(`target ${this.target.label}, ${nameOf(error)}`));
    if (state !== 'waiting') {
      this.refuse(error);
      return;
    }
    this.exchange.notes.upstreamFault = nameOf(error);
    this.observer.onBegun(error);
  }

  private refuse(error: ForwardError): void {
    this.exchange.notes.upstreamFault = nameOf(error);
    answerWithError(this.exchange, toClientError(error, this.retryAfterS));
  }

  private giveUp(error: ForwardError): void {
    this.underWay?.abandon();
    this.onError(error);
  }

  /** An answer with a secret in it goes no further. */
  private stop(found: FoundSecret): void {
    this.rules.secrets.raiseAlarm(this.exchange, found);
    this.giveUp({ stage: 'answer', cause: 'secret' });
  }

  private startStreaming(head: AnswerHead, answer: TransformedHeaders, flow: AnswerFlow): void {
    clearTimeout(this.deadline);
    const stream = new AnswerStream(this.exchange, this.rules, head, answer, flow, {
      onProgress: () => this.deadline?.refresh(),
      onEnd: () => {
        this.finish();
        this.exchange.timeline.step(ANSWER);
      },
      onSecret: (secret) => this.stop({ secret, where: 'body' }),
      onBroken: () => this.giveUp({ stage: 'answer', cause: 'unwritable' }),
    });
    const { idleTimeoutMs } = this.rules.policies;
    this.deadline =
      idleTimeoutMs === 0 || stream.isEventStream
        ? undefined
        : setTimeout(() => this.giveUp({ stage: 'answer', cause: 'timeout' }), idleTimeoutMs);
    this.stream = stream;
    this.exchange.isStream = stream.isEventStream;
    this.state = 'streaming';
    stream.open();
  }

  private send(answer: EnvelopedAnswer): void {
    const { res, timeline } = this.exchange;
    timeline.step(-ANSWER);
    if (res.destroyed || res.headersSent) return;
    if (answer.kind === 'error') {
      answerWithError(this.exchange, answer.error);
      return;
    }
    // The type that was settled on stands last.
    const type = answer.headers.at(-2) === 'Content-Type' ? answer.headers.at(-1) : undefined;
    const { policies, secrets } = this.rules;
    const found = secrets.findInBody(policies, type, answer.body);
    if (found !== undefined) {
      secrets.raiseAlarm(this.exchange, found);
      this.refuse({ stage: 'answer', cause: 'secret' });
      return;
    }
    const headers = [...this.rules.gatewayHeaders(this.exchange, type), ...answer.headers];
    headers.push('Content-Length', String(answer.body.byteLength));
    res.writeHead(this.head?.status ?? 502, printable(this.head?.statusText ?? ''), headers);
    res.end(...joinedBody(answer.body));
  }

  /** The next part of the call begins. `note`: of the one that is over. */
  private turnTo(part: number, note = 0): void {
    const { timeline } = this.exchange;
    const at = timeline.now();
    timeline.end(this.part, at, note);
    this.part = timeline.begin(part, 2, at);
  }

  private finish(): void {
    this.state = 'done';
    const { timeline } = this.exchange;
    const at = timeline.now();
    timeline.end(this.part, at);
    timeline.end(this.call, at);
    clearTimeout(this.deadline);
    this.stream?.close();
    this.observer.onOver();
  }

  private onClientClose(): void {
    if (this.state === 'done') return;
    this.giveUp({ stage: this.head === undefined ? 'request' : 'answer', cause: 'client-left' });
  }
}

function nameOf({ stage, cause }: ForwardError): string {
  return `${stage} ${cause}`;
}

const statusWords = new Map<number, number>();

/** A status as a note in the timeline. */
function statusWord(status: number): number {
  const known = statusWords.get(status);
  if (known !== undefined) return known;
  const made = codeOfWord(String(status));
  statusWords.set(status, made);
  return made;
}
