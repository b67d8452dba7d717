import type { BodyGuard } from '../../edge/index.js';
import type { Exchange } from '../../trace/index.js';
import type { ForwardError } from '../forward-error.js';
import type { Target } from '../upstream/target.js';

/** A body that the client is still sending; its guard keeps it within bounds whichever forwarder reads it. */
export interface StreamedBody {
  /** Bytes; undefined when the client sends chunks. */
  readonly length: number | undefined;
  readonly guard: BodyGuard;
}

/** What goes to the upstream, after the request transforms. */
export interface UpstreamRequest {
  readonly method: string;
  /** Raw path and query, as the client spelt them. */
  readonly path: string;
  /** name, value, name, value, … without any field about the body's length. */
  readonly headers: string[];
  /** Nothing, the bytes that a policy has read, or what the client is still sending. */
  readonly body: null | Buffer | StreamedBody;
}

/** The head of an upstream's answer as it came; text is latin1, so that no byte is changed. */
export interface AnswerHead {
  readonly status: number;
  readonly statusText: string;
  /** name, value, name, value, … */
  readonly headers: readonly string[];
}

/** The hold on a running answer. */
export interface AnswerFlow {
  pause(): unknown;
  resume(): unknown;
}

/** A call under way. */
export interface UpstreamCall {
  /** Ends it: the connection is closed and the receiver hears nothing more. */
  abandon(): void;
}

/** Gets an answer as it arrives: `onSent` once there is a connection, `onHead`, any number of `onData`, then `onEnd`; or `onError` at any point, once. */
export interface AnswerReceiver {
  onSent(): void;
  onHead(head: AnswerHead, flow: AnswerFlow): void;
  onData(chunk: Buffer): void;
  onEnd(): void;
  onError(error: ForwardError): void;
}

/** Sends one request to one target. Both forwarders keep this contract, so that routes can change between them. */
export interface Forwarder {
  forward(exchange: Exchange, request: UpstreamRequest, target: Target, receiver: AnswerReceiver): UpstreamCall;
}
