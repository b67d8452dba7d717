import { Controller, HttpCode, Inject, Req, Res } from '@nestjs/common';
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { EnvelopeFields, GatewayError, parseNativeBody, validateInput } from '../../contract/index.js';
import { NativeHandler, type PhpValue } from '../../routing/index.js';
import { type Exchange, exchangeOf } from '../../trace/index.js';
import { BrowserLatency } from './browser-latency.js';
import { IdempotentRuns } from './idempotent-runs.js';
import { type ReportedFields, readReported } from './reported-event.js';
import { unauthenticated, type VoiceCaller, VoiceCallers } from './voice-callers.js';
import { VoiceEventQueue } from './voice-event.queue.js';
import type { VoiceEvent } from './voice-event.js';
import { type FanoutResult, VoiceFanout } from './voice-fanout.js';

/** Visible characters (RFC 9110, section 5.5, without blanks), so that a key is the same wherever it is written. */
const KEY = /^[\u0021-\u007e]{1,128}$/;
/** Seconds after which a caller whose event found no place should come again. */
const COME_AGAIN_S = 5;

interface FanoutFields {
  readonly id?: string | null;
  readonly kind: string;
  readonly text?: string | null;
  readonly at?: string | number | null;
  readonly payload?: PhpValue;
}

/** Voice events for the boards of the PHP application: at once with their results, and reported ones in the background. */
@Controller()
export class VoiceController {
  constructor(
    @Inject(VoiceFanout) private readonly voiceFanout: VoiceFanout,
    @Inject(VoiceCallers) private readonly callers: VoiceCallers,
    @Inject(IdempotentRuns) private readonly runs: IdempotentRuns,
    @Inject(VoiceEventQueue) private readonly queue: VoiceEventQueue,
    @Inject(BrowserLatency) private readonly latency: BrowserLatency,
  ) {}

  @NativeHandler('voice.fanout')
  @HttpCode(200)
  async fanout(@Req() req: IncomingMessage, @Res({ passthrough: true }) res: ServerResponse): Promise<EnvelopeFields> {
    const exchange = exchangeAt(req);
    const caller = this.callers.identify(exchange);
    const { id, ...fields } = readFields<FanoutFields>(exchange, 'voice.fanout');
    if (this.voiceFanout.isOff) throw new GatewayError('FANOUT_DISABLED');
    const event: VoiceEvent = {
      kind: fields.kind,
      text: fields.text ?? undefined,
      at: fields.at ?? undefined,
      payload: fields.payload ?? undefined,
    };
    const key = keyOf(exchange, caller, id);
    if (key === undefined) return answerOf(await this.tell(event, exchange, caller, undefined));
    const { value, isFirst } = await this.runs.run(`${caller.name}\n${key}`, JSON.stringify(event), async () => {
      const result = await this.tell(event, exchange, caller, digestOfKey(caller, key));
      // Nobody has it: the same key is to try again, and PHP knows by it what it has after all.
      return { value: result, isFinal: result.delivered.length > 0 };
    });
    if (!isFirst) res.setHeader('Idempotent-Replayed', 'true');
    return answerOf(value as FanoutResult);
  }

  @NativeHandler('voice.events')
  @HttpCode(202)
  events(@Req() req: IncomingMessage): EnvelopeFields {
    const exchange = exchangeAt(req);
    const { identity } = exchange;
    if (identity === undefined) throw unauthenticated();
    const fields = readFields<ReportedFields>(exchange, 'voice.events');
    const reported = readReported(fields, identity, {
      clientAddress: exchange.client.address,
      traceId: exchange.traceId,
    });
    if (!this.queue.add(reported))
      throw new GatewayError('UPSTREAM_UNAVAILABLE', {
        error: 'Too many voice events are waiting. Send this one again later.',
        headers: { 'Retry-After': String(COME_AGAIN_S) },
      });
    const { latency } = reported.record;
    if (latency !== undefined) this.latency.observe(latency);
    return new EnvelopeFields({ accepted: true, id: reported.record.id });
  }

  private tell(
    event: VoiceEvent,
    { traceId, client }: Exchange,
    caller: VoiceCaller,
    idempotencyKey: string | undefined,
  ): Promise<FanoutResult> {
    return this.voiceFanout.tell(event, {
      caller: caller.identity,
      clientAddress: client.address,
      traceId,
      idempotencyKey,
    });
  }
}

function exchangeAt(req: IncomingMessage): Exchange {
  const exchange = exchangeOf(req);
  if (exchange === undefined) throw new GatewayError('INTERNAL');
  return exchange;
}

/** Held against the DTO whatever the route's policies say: a table that names none must not open the bounds. */
function readFields<Fields>(exchange: Exchange, dto: string): Fields {
  const refusal = validateInput(exchange, { dto, unknownFields: 'refuse' });
  if (refusal !== undefined) throw refusal;
  const body = parseNativeBody(exchange);
  if (body instanceof GatewayError) throw body;
  return body.value as Fields;
}

/** @throws GatewayError VALIDATION_FAILED for a header that is no key */
function keyOf(exchange: Exchange, caller: VoiceCaller, id: string | null | undefined): string | undefined {
  // Of a signed call only what was signed counts: the header is anybody's.
  if (caller.callId !== undefined) return id ?? caller.callId;
  const sent = exchange.req.headers['idempotency-key'];
  if (sent === undefined) return id ?? undefined;
  if (typeof sent === 'string' && KEY.test(sent)) return sent;
  throw new GatewayError('VALIDATION_FAILED', {
    validationErrors: { 'Idempotency-Key': 'must be 1 to 128 visible characters' },
  });
}

/** What PHP gets of a key: it tells nothing of the caller's own naming, and two callers never share one. */
function digestOfKey({ name }: VoiceCaller, key: string): string {
  return createHash('sha256').update(`${name}\n${key}`).digest('hex').slice(0, 32);
}

/** @throws GatewayError 502 when no target has it */
function answerOf({ delivered, failed }: FanoutResult): EnvelopeFields {
  if (delivered.length > 0) return new EnvelopeFields({ delivered, failed });
  const told = failed.map(({ target, status }) => `${target} (${status})`).join(', ');
  throw new GatewayError('UPSTREAM_BAD_ANSWER', { error: `No target has taken the event: ${told}.` });
}
