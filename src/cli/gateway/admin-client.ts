/** An embedded database may have to start first. */
const PATIENCE_MS = 75_000;
/** Bytes of an answer; the longest are pages of fixtures. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;
const UNKNOWN_OVERRIDES =
  'The gateway has not read yet which stages were changed at run time (its database is away): until then PHP answers every route that it can.';

/** The gateway refused or failed; `status` 0: nobody answered. */
export class AdminCallError extends Error {
  override readonly name = 'AdminCallError';

  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

interface Envelope {
  readonly success?: boolean;
  readonly data?: unknown;
  readonly areOverridesKnown?: boolean;
  readonly idleOverrides?: readonly { readonly route: string; readonly stage: string }[];
  readonly error?: string;
  readonly traceId?: string;
  readonly validationErrors?: Readonly<Record<string, string>>;
}

/** A question to the admin API; `path` below `/admin/api`. */
export interface AdminCall {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
}

/** Asks a gateway's admin API; `warn` hears what it says besides. @throws AdminCallError */
export async function callAdmin(
  base: string,
  token: string,
  { method, path, body }: AdminCall,
  warn: (text: string) => void = () => undefined,
): Promise<unknown> {
  let response: Response;
  // Loaded by who asks: help needs no configuration.
  const { ownAdminPath } = await import('./own-gateway.js');
  try {
    response = await fetch(`${base}${ownAdminPath()}/api${path}`, {
      method,
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE_MS),
      headers: {
        Authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch (error) {
    const { code, message } =
      (error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined) ?? {};
    const cause = code ?? (message === 'unexpected redirect' ? 'a redirect' : error instanceof Error ? error.name : '');
    throw new AdminCallError(
      `No gateway answers at ${base} (${cause}): is it running there? Name it with --base URL`,
      0,
    );
  }
  const envelope = await readEnvelope(response);
  if (response.ok && envelope?.success === true) {
    if (envelope.areOverridesKnown === false) warn(UNKNOWN_OVERRIDES);
    const idle = envelope.idleOverrides ?? [];
    if (idle.length > 0)
      warn(
        `Without effect, since the route table has no such route with both a handler and an upstream: ${idle.map(({ route, stage }) => `${route} (${stage})`).join(', ')}. An override does not follow a route that is renamed.`,
      );
    return envelope.data;
  }
  throw new AdminCallError(explain(base, response.status, envelope), response.status);
}

async function readEnvelope({ body }: Response): Promise<Envelope | undefined> {
  try {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
      length += chunk.byteLength;
      if (length > MAX_ANSWER_BYTES) return { error: 'The answer has more than 16 MiB: check --base' };
      chunks.push(chunk);
    }
    const document: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    return typeof document === 'object' && document !== null ? document : undefined;
  } catch {
    return undefined;
  }
}

function explain(base: string, status: number, envelope: Envelope | undefined): string {
  if (envelope === undefined) return `${base} answered ${status} and is no Donna Gateway: check --base`;
  const fields = Object.entries(envelope.validationErrors ?? {}).map(([field, problem]) => `\n  ${field}: ${problem}`);
  const trace = typeof envelope.traceId === 'string' ? ` (trace ${envelope.traceId})` : '';
  const error = typeof envelope.error === 'string' ? envelope.error : `The gateway answered ${status}`;
  return `${error}${fields.join('')}${hintFor(status)}${trace}`;
}

function hintFor(status: number): string {
  switch (status) {
    case 401:
      return '\nThe gateway does not take this token: run this with its JWT_SECRET (environment or .env), or give --token-file';
    case 403:
      return '\nThe token must have the role admin';
    case 404:
      return '\nSee: npm run gateway -- stages --all';
    default:
      return '';
  }
}
