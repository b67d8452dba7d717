import { mediaTypeOf } from '../../contract/index.js';
import { type AnswerGate, openGate } from '../../secrets/index.js';
import type { Exchange } from '../../trace/index.js';
import type { AnswerFlow, AnswerHead } from '../forwarders/forwarder.js';
import type { TransformedHeaders } from '../transforms/answer-headers.js';
import { isJsonType, jsonTypeFor } from './media-type.js';
import type { RouteAnswerRules } from './route-answer-rules.js';

/** Milliseconds for which the head of an answer may wait for its first bytes to be looked at. */
const HEAD_PATIENCE_MS = 50;
/** An announced body up to so many bytes is looked at whole before its head goes out. */
const HEAD_PATIENCE_BYTES = 64 * 1024;

export interface StreamEvents {
  /** Bytes went out, or could: the answer is alive. */
  onProgress(): void;
  onEnd(): void;
  /** A secret is in what would have gone out next. Named by whom it belongs to. */
  onSecret(secret: string): void;
  /** Node refuses to write some heads that its parser has read: no answer that a client could get. */
  onBroken(): void;
}

/**
 * An answer on its way to the client as it comes, behind the search for secrets. The head waits a moment for the first bytes,
 * so that a page with a secret in it can still be refused; once it is out, all that remains is to cut the connection.
 */
export class AnswerStream {
  private readonly gate: AnswerGate | undefined;
  private isHeadOut = false;
  private readonly early: Buffer[] = [];
  private earlyBytes = 0;
  private patience: NodeJS.Timeout | undefined;
  private isImpatient = false;
  private isHeldByGate = false;
  private isHeldByClient = false;
  /** Bound, and no arrow function: such a one V8 puts among what is old, where it would hold the whole request (ADR 0037). */
  private readonly onDrain = this.drained.bind(this);

  constructor(
    private readonly exchange: Exchange,
    private readonly rules: RouteAnswerRules,
    private readonly head: AnswerHead,
    private readonly answer: TransformedHeaders,
    private readonly flow: AnswerFlow,
    private readonly events: StreamEvents,
  ) {
    const { policies, secrets } = rules;
    const first = secrets.scanFor(policies, answer.contentType);
    if (first === undefined) return;
    this.gate = openGate(answer.contentEncoding, () => secrets.scanFor(policies, answer.contentType) ?? first, {
      release: (bytes) => this.release(bytes),
      onEnd: () => this.finish(),
      onFound: (secret) => events.onSecret(secret),
      pause: () => this.hold('isHeldByGate'),
      resume: () => {
        this.go('isHeldByGate');
        if (this.isImpatient) this.sendHeadAlone();
      },
    });
  }

  /** An event stream may be silent for as long as nothing happens: its client or PHP ends it. */
  get isEventStream(): boolean {
    return mediaTypeOf(this.answer.contentType) === 'text/event-stream';
  }

  /** Begins: the head goes out now where there is nothing to wait for. */
  open(): void {
    if (this.gate === undefined || this.isEventStream) this.sendHeadAlone();
    else this.patience = setTimeout(() => this.losePatience(), HEAD_PATIENCE_MS);
  }

  write(chunk: Buffer): void {
    if (this.gate === undefined) this.release(chunk);
    else this.gate.push(chunk);
  }

  end(): void {
    if (this.gate === undefined) this.finish();
    else this.gate.end();
  }

  /** PHP broke off: what is clear goes out all the same, so that the client sees an answer cut short, as it was. */
  sendBroken(): void {
    this.sendHead();
  }

  /** Nothing more comes or goes. */
  close(): void {
    clearTimeout(this.patience);
    this.gate?.close();
    this.exchange.res.off('drain', this.onDrain);
  }

  /** What is being decoded is waited for besides. */
  private losePatience(): void {
    this.isImpatient = true;
    if (!this.isHeldByGate) this.sendHeadAlone();
  }

  private release(bytes: Buffer): void {
    if (!this.isHeadOut) {
      this.early.push(bytes);
      this.earlyBytes += bytes.length;
      const announced = this.answer.contentLength ?? 0;
      if (!this.isImpatient && announced <= HEAD_PATIENCE_BYTES && this.earlyBytes < announced) return;
      this.sendHead();
    } else this.send(bytes);
  }

  private send(bytes: Buffer): void {
    this.events.onProgress();
    if (this.exchange.res.write(bytes) || this.isHeldByClient) return;
    this.hold('isHeldByClient');
    this.exchange.res.once('drain', this.onDrain);
  }

  private finish(): void {
    if (!this.sendHead()) return;
    this.events.onEnd();
    this.exchange.res.end();
  }

  /** With whatever is clear by now, in one piece. */
  private sendHead(): boolean {
    if (this.isHeadOut) return true;
    clearTimeout(this.patience);
    try {
      this.writeHead();
    } catch {
      this.events.onBroken();
      return false;
    }
    this.isHeadOut = true;
    for (const bytes of this.early.splice(0)) this.send(bytes);
    return true;
  }

  /** What follows may take its time. */
  private sendHeadAlone(): void {
    if (this.isHeadOut) return;
    const hasBytes = this.early.length > 0;
    if (!this.sendHead() || hasBytes) return;
    const { res } = this.exchange;
    // Node writes a head that goes out alone in the socket's default encoding; the values in it are latin1, as they came.
    res.socket?.setDefaultEncoding('latin1');
    res.flushHeaders();
    res.socket?.setDefaultEncoding('utf8');
  }

  private writeHead(): void {
    const { exchange, head, rules } = this;
    const { headers, contentType, contentEncoding, contentLength } = this.answer;
    const all = [...rules.gatewayHeaders(exchange, contentType), ...headers];
    const hidesLength = exchange.method === 'HEAD' && rules.wouldChange(contentType);
    // HEAD tells of the answer that GET would get: of JSON, with its mended type and a length that is not known yet.
    const type = hidesLength && isJsonType(contentType) ? jsonTypeFor(contentType) : contentType;
    if (type !== undefined) all.push('Content-Type', type);
    if (contentEncoding !== undefined) all.push('Content-Encoding', contentEncoding);
    if (contentLength !== undefined && !hidesLength && head.status !== 204)
      all.push('Content-Length', String(contentLength));
    exchange.res.writeHead(head.status, printable(head.statusText), all);
  }

  private hold(reason: 'isHeldByGate' | 'isHeldByClient'): void {
    this[reason] = true;
    this.flow.pause();
  }

  private go(reason: 'isHeldByGate' | 'isHeldByClient'): void {
    this[reason] = false;
    if (!this.isHeldByGate && !this.isHeldByClient) this.flow.resume();
  }

  private drained(): void {
    this.events.onProgress();
    this.go('isHeldByClient');
  }
}

/** A reason phrase without what HTTP does not allow in it (RFC 9112, section 4). */
export function printable(statusText: string): string {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(statusText) ? statusText : '';
}
