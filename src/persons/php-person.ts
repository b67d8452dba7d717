import { GatewayError } from '../contract/index.js';
import { callInternally, type Upstream, type Upstreams } from '../forward/index.js';
import type { Person } from './person-part.js';

/** Of an answer: a document of 12 MB, escaped. */
const MAX_ANSWER_BYTES = 26_000_000;
/** Milliseconds: of one part; and of the first question, by which it is seen whether PHP is there. */
const TIMEOUT_MS = 30_000;
const FIRST_TIMEOUT_MS = 5000;

/** How much there is of a part, and the SHA-256 of it as its store tells it. */
export interface PartFacts {
  readonly count: number;
  readonly sha256: string;
}

/** A person in PHP's files, by `person.php` beside the upstream's `documents`. Each method throws GatewayError. */
export class PhpPerson {
  constructor(
    private readonly upstreams: Upstreams,
    private readonly secret: string,
  ) {}

  /** Whether there is a PHP application that keeps data of persons for this gateway. */
  get isThere(): boolean {
    return this.find() !== undefined;
  }

  /** E-mail addresses of the person's accounts, in small letters; asked before anything else. */
  async addresses(person: Person, traceId: string): Promise<readonly string[]> {
    const accounts = field(
      await this.ask({ action: 'export', part: 'account' }, person, traceId, FIRST_TIMEOUT_MS),
      'items',
    );
    if (!Array.isArray(accounts)) throw unusable();
    return accounts.flatMap((account: unknown) => {
      const email = field(account, 'email');
      return typeof email === 'string' ? [email.toLowerCase()] : [];
    });
  }

  async inspect(person: Person, traceId: string): Promise<ReadonlyMap<string, PartFacts>> {
    const parts = field(await this.ask({ action: 'inspect' }, person, traceId), 'parts');
    if (typeof parts !== 'object' || parts === null) throw unusable();
    return new Map(
      Object.entries(parts).map(([name, facts]) => {
        const [count, sha256] = [field(facts, 'count'), field(facts, 'sha256')];
        if (typeof count !== 'number' || typeof sha256 !== 'string') throw unusable();
        return [name, { count, sha256 }];
      }),
    );
  }

  async read(part: string, person: Person, traceId: string): Promise<readonly unknown[]> {
    const items = field(await this.ask({ action: 'export', part }, person, traceId), 'items');
    if (!Array.isArray(items)) throw unusable();
    return items;
  }

  async erase(person: Person, withAccount: boolean, traceId: string): Promise<void> {
    const answer = await this.ask({ action: 'erase', account: withAccount }, person, traceId);
    if (field(answer, 'erased') !== true) throw unusable();
  }

  private find(): { readonly upstream: Upstream; readonly path: string } | undefined {
    for (const upstream of this.upstreams.all()) {
      const { documents } = upstream.settings;
      if (documents !== undefined) return { upstream, path: documents.replace(/[^/]+$/, 'person.php') };
    }
    return undefined;
  }

  private async ask(
    question: object,
    { subject, email }: Person,
    traceId: string,
    timeoutMs = TIMEOUT_MS,
  ): Promise<unknown> {
    const found = this.find();
    if (found === undefined) throw unusable();
    const { status, body } = await callInternally(found.upstream, {
      method: 'POST',
      path: found.path,
      secret: this.secret,
      traceId,
      timeoutMs,
      json: JSON.stringify({ ...question, subject, ...(email === undefined ? {} : { email }) }),
      maxAnswerBytes: MAX_ANSWER_BYTES,
      acceptsAnyBody: true,
    });
    if (status !== 200) throw unusable();
    return body;
  }
}

function unusable(): GatewayError {
  return new GatewayError('UPSTREAM_BAD_ANSWER', {
    error:
      "PHP's api/internal/person.php does not do it: see that its files are of this release, that both sides have the same GATEWAY_IDENTITY_SECRET, and what PHP's log says of this traceId.",
  });
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
