import { Agent, request } from 'undici';
import { GatewayError } from '../../contract/index.js';
import type { Logger } from '../../trace/index.js';
import type { RealtimeEndpoint, RealtimeProvider } from '../realtime-provider.js';
import { type ClientSecret, readClientSecret } from './client-secret.js';
import type { TokenRequest } from './token-request.dto.js';

const MAX_ANSWER_BYTES = 65_536;
const MAX_CONNECTIONS = 16;
/** Seconds that a client is told to wait when the provider is busy and does not say how long. */
const BUSY_S = 5;
const LONGEST_BUSY_S = 3600;

export interface IssuerSettings {
  /** Life of a client secret, seconds; 10 to 7200 at OpenAI. */
  readonly tokenTtlS: number;
  /** The provider finds out by itself when the caller has stopped speaking. */
  readonly serverVad: boolean;
}

export interface IssueContext {
  readonly traceId: string;
  readonly timeoutMs: number;
  /** Aborted when the client has left. */
  readonly left: AbortSignal;
}

/** Asks the realtime provider for client secrets. */
export class ClientSecretIssuer {
  private readonly agent = new Agent({ connections: MAX_CONNECTIONS, pipelining: 1 });

  constructor(
    private readonly provider: RealtimeProvider,
    private readonly settings: IssuerSettings,
    private readonly logger: Pick<Logger, 'info' | 'warn'>,
  ) {}

  /** One call, never repeated. @throws GatewayError 502, 503 or 504, in words of the gateway's own */
  async issue(wanted: TokenRequest, context: IssueContext): Promise<ClientSecret> {
    const { endpoint } = this.provider;
    if (endpoint === undefined) throw new GatewayError('REALTIME_DISABLED');
    const { traceId } = context;
    const startedAt = performance.now();
    const answer = await this.ask(endpoint, wanted, context);
    if (answer.status === 429) {
      this.logger.warn({ traceId, status: 429 }, 'realtime provider is busy');
      throw new GatewayError('UPSTREAM_UNAVAILABLE', {
        error: 'The voice provider is busy. Try again later.',
        headers: { 'Retry-After': String(answer.retryAfterS) },
      });
    }
    const { tokenTtlS } = this.settings;
    const secret =
      answer.status === 200 ? readClientSecret(answer.text, { lifeS: tokenTtlS, apiKey: endpoint.apiKey }) : undefined;
    if (secret === undefined) {
      this.logger.warn({ traceId, status: answer.status }, 'realtime provider gave no client secret');
      throw badAnswer('The voice provider gave no usable answer.');
    }
    const { model, voice } = wanted;
    const ms = Math.round(performance.now() - startedAt);
    this.logger.info({ traceId, model, voice, lifeS: tokenTtlS, providerMs: ms }, 'realtime token issued');
    return secret;
  }

  /** Ends the connections to the provider. */
  async onModuleDestroy(): Promise<void> {
    await this.agent.destroy();
  }

  private async ask(endpoint: RealtimeEndpoint, wanted: TokenRequest, context: IssueContext): Promise<Answer> {
    const late = AbortSignal.timeout(context.timeoutMs);
    try {
      const { statusCode, headers, body } = await request(`${endpoint.baseUrl}/realtime/client_secrets`, {
        method: 'POST',
        dispatcher: this.agent,
        signal: AbortSignal.any([late, context.left]),
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          ...(endpoint.apiKey === undefined ? {} : { authorization: `Bearer ${endpoint.apiKey}` }),
        },
        body: JSON.stringify(this.toBody(wanted)),
      });
      return { status: statusCode, retryAfterS: readBusy(headers['retry-after']), text: await readBounded(body) };
    } catch (error) {
      const code = late.aborted ? 'timeout' : codeOf(error);
      if (!context.left.aborted)
        this.logger.warn({ traceId: context.traceId, fault: code }, 'realtime provider was not reached');
      if (late.aborted)
        throw new GatewayError('UPSTREAM_TIMEOUT', { error: 'The voice provider took too long to answer.' });
      throw badAnswer('The voice provider cannot be reached.');
    }
  }

  /** OpenAI's GA shape; the header `OpenAI-Beta` and the flat fields of before are refused there. */
  private toBody({ model, voice, instructions }: TokenRequest): object {
    return {
      expires_after: { anchor: 'created_at', seconds: this.settings.tokenTtlS },
      session: {
        type: 'realtime',
        model,
        instructions,
        audio: {
          // Null: the client says when it has spoken (push-to-talk).
          input: { turn_detection: this.settings.serverVad ? { type: 'server_vad' } : null },
          output: { voice },
        },
      },
    };
  }
}

interface Answer {
  readonly status: number;
  readonly retryAfterS: number;
  /** '' for one that is too long: no answer that is awaited. */
  readonly text: string;
}

/** Reads at most {@link MAX_ANSWER_BYTES}; leaving the loop ends the call. */
async function readBounded(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) return '';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Whole seconds only (RFC 9110, section 10.2.3); a date, or what is out of bounds, is not handed on. */
function readBusy(value: string | string[] | undefined): number {
  const seconds = typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : BUSY_S;
  return Math.min(LONGEST_BUSY_S, Math.max(1, seconds));
}

function badAnswer(error: string): GatewayError {
  return new GatewayError('UPSTREAM_BAD_ANSWER', { error });
}

/** A system's or undici's code, never a text: that may name a host. */
function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[A-Z0-9_]{1,64}$/.test(code) ? code : 'unknown';
}
