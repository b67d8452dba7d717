import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { call } from '../support/http-call.js';
import { cookieOf, EVE, EVE_PASSWORD, type LegacyPhp, startLegacyPhp, unlimitedTable } from '../support/legacy-php.js';
import { startTestGateway } from '../support/test-gateway.js';

describe('the login page', () => {
  let php: LegacyPhp;
  beforeAll(async () => {
    php = await startLegacyPhp();
    php.setUsers(EVE);
  });
  afterAll(() => php.stop());

  it('renews the session’s id with the sign-in, and gives up the old one', async () => {
    const gateway = await startTestGateway({ phpTargets: [php.origin], routes: unlimitedTable() });
    try {
      const page = await call(gateway.url, '/login.php');
      const before = cookieOf(page);
      const csrf = /name="csrf-token" content="([^"]+)"/.exec(page.text)?.[1] ?? '';
      const answer = await call(gateway.url, '/login.php', {
        method: 'POST',
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', Cookie: before, Origin: gateway.url },
        body: new URLSearchParams({ email: EVE.email, password: EVE_PASSWORD, csrf_token: csrf }).toString(),
      });
      expect(answer.status).toBe(303);
      const after = cookieOf(answer);
      expect(after).not.toBe('');
      expect(after).not.toBe(before);
      const list = (cookie: string) => call(gateway.url, '/api/conversations.php', { headers: { Cookie: cookie } });
      expect(await list(before)).toMatchObject({ status: 401 });
      expect(await list(after)).toMatchObject({ status: 200 });
    } finally {
      await gateway.stop();
    }
  });
});
