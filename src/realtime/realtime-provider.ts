import type { GatewayConfig } from '../config/index.js';

/** OpenAI's own address: nobody gets a token there without a key. */
const OPENAI_HOST = 'api.openai.com';
/** The stand-in takes any key; this one says whose it is. */
const STUB_KEY = 'local-stub';

/** Where client secrets and sessions come from, and with which key; the key never leaves the gateway for a client. */
export interface RealtimeEndpoint {
  /** Without a slash at the end, e.g. `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Of the WebSocket, e.g. `wss://api.openai.com/v1/realtime`; the model goes into its query. */
  readonly realtimeUrl: string;
  /** Undefined before a server that adds one itself. */
  readonly apiKey: string | undefined;
}

/** The realtime provider as this process has it: real, the local stand-in, or none. */
export class RealtimeProvider {
  /** Undefined while realtime is switched off. */
  readonly endpoint: RealtimeEndpoint | undefined;
  /** Where a browser that talks to the provider itself connects to: HTTP for the call, a WebSocket besides. */
  readonly origins: readonly string[];

  /** @param stubOrigin where the stand-in answers, for a configuration that says `stub` */
  constructor(openai: GatewayConfig['providers']['openai'], stubOrigin: string | undefined) {
    this.endpoint = endpointOf(openai, stubOrigin);
    this.origins = this.endpoint === undefined ? [] : originsOf(this.endpoint);
  }

  /** Whether it can issue client secrets; nobody is asked for that. */
  get isOn(): boolean {
    return this.endpoint !== undefined;
  }
}

function originsOf({ baseUrl, realtimeUrl }: RealtimeEndpoint): readonly string[] {
  return [...new Set([new URL(baseUrl).origin, new URL(realtimeUrl).origin])];
}

function endpointOf(
  openai: GatewayConfig['providers']['openai'],
  stubOrigin: string | undefined,
): RealtimeEndpoint | undefined {
  switch (openai.mode) {
    case 'off':
      return undefined;
    case 'stub': {
      if (stubOrigin === undefined) return undefined;
      const baseUrl = `${stubOrigin}/openai/v1`;
      return { baseUrl, realtimeUrl: `${baseUrl.replace(/^http/, 'ws')}/realtime`, apiKey: STUB_KEY };
    }
    case 'real': {
      const { baseUrl, realtimeUrl, apiKey } = openai;
      const isHopeless = apiKey === undefined && new URL(baseUrl).hostname === OPENAI_HOST;
      return isHopeless ? undefined : { baseUrl, realtimeUrl, apiKey };
    }
  }
}
