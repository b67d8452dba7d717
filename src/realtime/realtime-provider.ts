import type { GatewayConfig } from '../config/index.js';

/** OpenAI's own address: nobody gets a token there without a key. */
const OPENAI_HOST = 'api.openai.com';
/** The stand-in takes any key; this one says whose it is. */
const STUB_KEY = 'local-stub';

/** Where client secrets come from, and with which key; the key never leaves the gateway for a client. */
export interface RealtimeEndpoint {
  /** Without a slash at the end, e.g. `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Undefined before a server that adds one itself. */
  readonly apiKey: string | undefined;
}

/** The realtime provider as this process has it: real, the local stand-in, or none. */
export class RealtimeProvider {
  /** Undefined while realtime is switched off. */
  readonly endpoint: RealtimeEndpoint | undefined;

  /** @param stubOrigin where the stand-in answers, for a configuration that says `stub` */
  constructor(openai: GatewayConfig['providers']['openai'], stubOrigin: string | undefined) {
    this.endpoint = endpointOf(openai, stubOrigin);
  }

  /** Whether it can issue client secrets; nobody is asked for that. */
  get isOn(): boolean {
    return this.endpoint !== undefined;
  }
}

function endpointOf(
  openai: GatewayConfig['providers']['openai'],
  stubOrigin: string | undefined,
): RealtimeEndpoint | undefined {
  switch (openai.mode) {
    case 'off':
      return undefined;
    case 'stub':
      return stubOrigin === undefined ? undefined : { baseUrl: `${stubOrigin}/openai/v1`, apiKey: STUB_KEY };
    case 'real': {
      const { baseUrl, apiKey } = openai;
      const isHopeless = apiKey === undefined && new URL(baseUrl).hostname === OPENAI_HOST;
      return isHopeless ? undefined : { baseUrl, apiKey };
    }
  }
}
