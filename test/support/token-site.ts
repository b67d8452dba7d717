import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals';
import { call, type CallAnswer } from './http-call.js';
import { EVE, EVE_PASSWORD, type LegacyPhp, startLegacyPhp, unlimitedTable } from './legacy-php.js';
import { startTestGateway, type TestGateway } from './test-gateway.js';

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
}

type Headers = Readonly<Record<string, string>>;

export const PASSWORD = { email: EVE.email, password: EVE_PASSWORD };

export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

export function asBearer(token: string): { Authorization: string } {
  return { Authorization: `Bearer ${token}` };
}

/** The PHP application with one user, Eve, a gateway without limits before it, and what a mobile client asks of the two. */
export class TokenSite {
  private parts: { php: LegacyPhp; gateway: TestGateway } | undefined;

  get php(): LegacyPhp {
    return this.running.php;
  }
  get gateway(): TestGateway {
    return this.running.gateway;
  }

  async start(): Promise<void> {
    const php = await startLegacyPhp();
    // A native route with the policies of a proxied one.
    const twin = `routes:
  native-twin: { match: { path: /native-twin, methods: [GET] }, handler: health, policies: { authorization: admin } }`;
    const gateway = await startTestGateway({
      phpTargets: [php.origin],
      routes: unlimitedTable().replace(/^routes:$/m, twin),
    });
    this.parts = { php, gateway };
  }

  async stop(): Promise<void> {
    await this.parts?.gateway.stop();
    await this.parts?.php.stop();
  }

  post(path: string, body: object | undefined, headers: Headers = {}, origin = this.gateway.url): Promise<CallAnswer> {
    return call(origin, path, {
      method: 'POST',
      headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  askToken(body?: object, headers?: Headers, origin?: string): Promise<CallAnswer> {
    return this.post('/api/auth/token', body, headers, origin);
  }

  async signIn(): Promise<Tokens> {
    const answer = await this.askToken(PASSWORD);
    expect(answer.status).toBe(200);
    return answer.json() as Tokens;
  }

  refresh(refresh_token: string): Promise<CallAnswer> {
    return this.askToken({ refresh_token });
  }

  listAs(token: string): Promise<CallAnswer> {
    return call(this.gateway.url, '/api/conversations.php', { headers: asBearer(token) });
  }

  private get running(): { php: LegacyPhp; gateway: TestGateway } {
    if (this.parts === undefined) throw new Error('the site does not run yet');
    return this.parts;
  }
}

/** A {@link TokenSite} for all tests of a file; each begins with Eve as she is. */
export function useTokenSite(): TokenSite {
  const site = new TokenSite();
  beforeAll(() => site.start(), 30_000);
  beforeEach(() => site.php.setUsers(EVE));
  afterAll(() => site.stop());
  return site;
}
