import type { ServerResponse } from 'node:http';
import type { Exchange } from '../../trace/index.js';
import { answerWithError } from '../../contract/index.js';
import { type EnvelopedAnswer, envelopeAnswer } from './envelope-answer.js';
import { type ForwardError, toClientError } from '../forward-error.js';
import type { AnswerFlow, AnswerHead, AnswerReceiver } from '../forwarders/forwarder.js';
import { isJsonType, jsonTypeFor, type RouteAnswerRules } from './route-answer-rules.js';
import { transformAnswerHeaders, type TransformedHeaders } from '../transforms/answer-headers.js';
import type { Target } from '../upstream/target.js';

type State = 'waiting' | 'reading' | 'streaming' | 'done';

/**
 * Brings one upstream answer to the client: streamed as it comes, or read whole (within a bound) where the envelope must
 * be made right. Owns the call's deadlines; a slow client pauses PHP, a client that leaves ends the call.
 */
export class AnswerRelay implements AnswerReceiver {
  private state: State = 'waiting';
  private head: AnswerHead | undefined;
  private transformed: TransformedHeaders | undefined;
  private flow: AnswerFlow | undefined;
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private deadline: NodeJS.Timeout | undefined;
  private cancel: () => void = () => undefined;
  private readonly startedAt = performance.now();

  /** `onBegun` hears once how the call began: with undefined when the head arrived, else with the failure. */
  constructor(
    private readonly exchange: Exchange,
    private readonly rules: RouteAnswerRules,
    private readonly target: Target,
    private readonly retryAfterS: number,
    private readonly onBegun: (failure: ForwardError | undefined) => void,
  ) {}

  /** Starts the clock and takes the way to abandon the call. */
  begin(cancel: () => void): void {
    this.cancel = cancel;
    if (this.state !== 'waiting') return;
    const { timeoutMs } = this.rules.policies;
    if (this.exchange.res.destroyed) {
      this.giveUp({ stage: 'request', cause: 'client-left' });
      return;
    }
    this.exchange.res.once('close', this.onClientClose);
    this.deadline = setTimeout(
      () => this.giveUp({ stage: this.head === undefined ? 'request' : 'answer', cause: 'timeout' }),
      timeoutMs,
    );
  }

  /** The request's body is still passing: the wait for an answer begins after it. */
  noteProgress(): void {
    if (this.state === 'waiting') this.deadline?.refresh();
  }

  onHead(head: AnswerHead, flow: AnswerFlow): void {
    if (this.state !== 'waiting') return;
    this.head = head;
    this.flow = flow;
    this.exchange.notes.upstreamMs = Math.round((performance.now() - this.startedAt) * 10) / 10;
    try {
      this.transformed = transformAnswerHeaders(head.headers, this.rules.headerContext(this.exchange, this.target));
      if (this.rules.isEndless(this.transformed.contentType)) {
        this.giveUp({ stage: 'answer', cause: 'malformed' });
        return;
      }
      if (this.rules.mustRead(head.status, this.transformed, this.exchange.method)) this.state = 'reading';
      else this.startStreaming(head, this.transformed);
    } catch {
      // Node refuses to write some heads that its parser has read: no answer that a client could get.
      this.giveUp({ stage: 'answer', cause: 'malformed' });
      return;
    }
    this.onBegun(undefined);
  }

  onData(chunk: Buffer): void {
    if (this.state === 'reading') {
      this.bytes += chunk.byteLength;
      if (this.bytes > this.rules.policies.maxAnswerBytes) this.giveUp({ stage: 'answer', cause: 'malformed' });
      else this.chunks.push(chunk);
    } else if (this.state === 'streaming') {
      this.deadline?.refresh();
      if (this.exchange.res.write(chunk)) return;
      this.flow?.pause();
      this.exchange.res.once('drain', this.onDrain);
    }
  }

  onEnd(): void {
    if (this.state === 'streaming') {
      this.finish();
      this.exchange.res.end();
    } else if (this.state === 'reading' && this.head !== undefined && this.transformed !== undefined) {
      this.finish();
      void envelopeAnswer(
        this.exchange,
        this.rules,
        this.head,
        this.transformed,
        Buffer.concat(this.chunks, this.bytes),
      ).then((answer) => this.send(answer));
    }
  }

  onError(error: ForwardError): void {
    const { state } = this;
    if (state === 'done') return;
    this.finish();
    if (state !== 'waiting') {
      this.refuse(error);
      return;
    }
    this.exchange.notes.upstreamFault = nameOf(error);
    this.onBegun(error);
  }

  private refuse(error: ForwardError): void {
    this.exchange.notes.upstreamFault = nameOf(error);
    answerWithError(this.exchange, toClientError(error, this.retryAfterS));
  }

  private giveUp(error: ForwardError): void {
    this.cancel();
    this.onError(error);
  }

  private startStreaming(
    head: AnswerHead,
    { headers, contentType, contentEncoding, contentLength }: TransformedHeaders,
  ): void {
    clearTimeout(this.deadline);
    const { idleTimeoutMs } = this.rules.policies;
    // An event stream may be silent for as long as nothing happens: its client or PHP ends it.
    const isEventStream = contentType?.toLowerCase().startsWith('text/event-stream') === true;
    this.deadline =
      idleTimeoutMs === 0 || isEventStream
        ? undefined
        : setTimeout(() => this.giveUp({ stage: 'answer', cause: 'timeout' }), idleTimeoutMs);
    const all = [...this.rules.gatewayHeaders(this.exchange), ...headers];
    const hidesLength = this.exchange.method === 'HEAD' && this.rules.wouldChange(contentType);
    // HEAD tells of the answer that GET would get: of JSON, with its mended type and a length that is not known yet.
    const type = hidesLength && isJsonType(contentType) ? jsonTypeFor(contentType) : contentType;
    if (type !== undefined) all.push('Content-Type', type);
    if (contentEncoding !== undefined) all.push('Content-Encoding', contentEncoding);
    if (contentLength !== undefined && !hidesLength && head.status !== 204)
      all.push('Content-Length', String(contentLength));
    this.exchange.res.writeHead(head.status, printable(head.statusText), all);
    this.state = 'streaming';
    // The head goes out at once: what follows may take its time.
    flushHead(this.exchange.res);
  }

  private send(answer: EnvelopedAnswer): void {
    const { res } = this.exchange;
    if (res.destroyed || res.headersSent) return;
    if (answer.kind === 'error') {
      answerWithError(this.exchange, answer.error);
      return;
    }
    const headers = [...this.rules.gatewayHeaders(this.exchange), ...answer.headers];
    headers.push('Content-Length', String(answer.body.byteLength));
    res.writeHead(this.head?.status ?? 502, printable(this.head?.statusText ?? ''), headers);
    res.end(answer.body);
  }

  private finish(): void {
    this.state = 'done';
    clearTimeout(this.deadline);
    this.exchange.res.off('close', this.onClientClose);
    this.exchange.res.off('drain', this.onDrain);
  }

  private readonly onDrain = (): void => {
    this.deadline?.refresh();
    this.flow?.resume();
  };

  private readonly onClientClose = (): void => {
    this.giveUp({ stage: this.head === undefined ? 'request' : 'answer', cause: 'client-left' });
  };
}

function nameOf({ stage, cause }: ForwardError): string {
  return `${stage} ${cause}`;
}

/** A reason phrase without what HTTP does not allow in it (RFC 9112, section 4). */
function printable(statusText: string): string {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(statusText) ? statusText : '';
}

/** Node writes a head that goes out alone in the socket's default encoding; the values in it are latin1, as they came. */
function flushHead(res: ServerResponse): void {
  res.socket?.setDefaultEncoding('latin1');
  res.flushHeaders();
  res.socket?.setDefaultEncoding('utf8');
}
