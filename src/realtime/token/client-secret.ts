/** A secret with which a client, and nobody else, talks to the provider for a while. */
export interface ClientSecret {
  /** `ek_…` at OpenAI. */
  readonly value: string;
  /** Unix seconds. */
  readonly expiresAt: number;
  /** The session that it opens, as the provider has made it; of its fields only those that a client needs. */
  readonly session: Readonly<Record<string, unknown>>;
}

/** What the answer is held against. */
export interface Expected {
  readonly lifeS: number;
  /** The gateway's own key, which no answer may hand on. */
  readonly apiKey: string | undefined;
}

/** Seconds that the provider's clock may be off. */
const CLOCK_LEEWAY_S = 300;
const SESSION_FIELDS = ['id', 'object', 'type', 'model', 'output_modalities', 'audio'] as const;

/**
 * Reads the provider's answer (OpenAI's GA shape: `{value, expires_at, session}`). Undefined for one that is none, that lives
 * longer than was asked for, or that carries the gateway's own key: that has been seen in the wild, inside a session object.
 */
export function readClientSecret(text: string, { lifeS, apiKey }: Expected): ClientSecret | undefined {
  const answer = parse(text);
  if (answer === undefined) return undefined;
  const { value, expires_at: expiresAt } = answer;
  if (typeof value !== 'string' || !/^[\x21-\x7e]{8,1024}$/.test(value) || value.startsWith('sk-')) return undefined;
  const nowS = Date.now() / 1000;
  if (typeof expiresAt !== 'number' || !Number.isSafeInteger(expiresAt)) return undefined;
  if (expiresAt < nowS - CLOCK_LEEWAY_S || expiresAt > nowS + lifeS + CLOCK_LEEWAY_S) return undefined;
  const session = pick(answer['session']);
  if (apiKey !== undefined && JSON.stringify([value, session]).includes(apiKey)) return undefined;
  return { value, expiresAt, session };
}

function pick(session: unknown): Readonly<Record<string, unknown>> {
  if (typeof session !== 'object' || session === null) return {};
  const fields = new Map(Object.entries(session));
  return Object.fromEntries(SESSION_FIELDS.flatMap((name) => (fields.has(name) ? [[name, fields.get(name)]] : [])));
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
