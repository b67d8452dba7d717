import { afterAll, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ownerKey } from '../../src/replication/index.js';
import { requirePart } from '../setup/parts.js';
import { conversationsOf, type DonnaData, startDonnaData, startTwinGateway } from '../support/donna-data.js';
import { CandidatesModule, countSeen, evidenceOf, mirrorTable, samplesOf } from '../support/dry-run-site.js';
import { eventually } from '../support/eventually.js';
import { call, type CallAnswer } from '../support/http-call.js';
import { describeWithFpm } from '../support/php-fpm.js';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import { bearer } from '../support/staged-site.js';
import type { TestGateway } from '../support/test-gateway.js';

jest.setTimeout(120_000);

const CONVERSATIONS = '/api/conversations.php';
const SETTINGS = '/api/chatbot_settings.php';
const ROUTES = {
  'conversations.create': undefined,
  'conversations.update': undefined,
  'conversations.delete': undefined,
  'settings.set': undefined,
  'settings.reset': undefined,
} as const;
type Tried = keyof typeof ROUTES;

interface Stored {
  readonly id: string;
  readonly title: string;
}

const postgres = requirePart('postgres');
describeWithFpm('writes that are tried beside PHP', (parts) => {
  if (!postgres.isPresent) {
    it.todo(`left out: ${postgres.reason}`);
    return;
  }
  let server: PostgresServer;
  let data: DonnaData;
  let gateway: TestGateway;
  let user = '';
  let users = 0;
  beforeAll(async () => {
    [server, data] = await Promise.all([startPostgresServer(postgres.path), startDonnaData(parts)]);
    gateway = await startTwinGateway(data, {
      routes: mirrorTable(ROUTES),
      features: [CandidatesModule],
      env: { DATABASE_URL: await server.createDatabase('tried') },
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await Promise.all([server.stop(), data.stop()]);
  });
  beforeEach(() => {
    user = `user ${++users}`;
  });

  const send = (method: string, path: string, body?: object): Promise<CallAnswer> =>
    call(gateway.url, path, {
      method,
      headers: { ...bearer(user), 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const stored = (): readonly Stored[] =>
    (data.document('conversations', ownerKey(user))?.['conversations'] ?? []) as readonly Stored[];

  /** Sends a write and waits until it was tried and compared: nothing but a match will do. */
  const expectMatch = async (route: Tried, status: number, write: () => Promise<CallAnswer>): Promise<CallAnswer> => {
    const [matches, seen] = [evidenceOf(route).classes.match, countSeen(route)];
    const answer = await write();
    expect(answer.status).toBe(status);
    await eventually(() => countSeen(route) > seen);
    expect(samplesOf(route).map(({ observation }) => observation)).toEqual([]);
    expect(evidenceOf(route).classes.match).toBe(matches + 1);
    return answer;
  };

  const expectNoTrace = async (): Promise<void> => {
    const counts = `select (select count(*)::int from conversation) as conversations, (select count(*)::int from chatbot_setting) as settings,
      (select count(*)::int from replication_outbox) as outbox, (select count(*)::int from replication_owner) as owners`;
    expect(await server.ask('tried', counts)).toEqual([{ conversations: 0, settings: 0, outbox: 0, owners: 0 }]);
    // Nor does PHP keep what it was asked for.
    expect(readdirSync(join(data.folder, 'before'))).toEqual([]);
  };

  it('finds that conversations are created, changed and deleted as by PHP, and leaves no trace', async () => {
    // With messages, which neither side may lose.
    data.plant('conversations', ownerKey(user), conversationsOf('eve', 2, 4));
    for (let i = 0; i < 3; i++)
      await expectMatch('conversations.create', 201, () =>
        send('POST', CONVERSATIONS, { title: `Title ${i}`, metadata: { n: 1.5, list: [i] }, profile: 'sales' }),
      );
    await expectMatch('conversations.update', 200, () =>
      send('PUT', CONVERSATIONS, { id: stored()[0]?.id, title: 'Other "title" \u2028 / 日本', status: 'archived' }),
    );
    await expectMatch('conversations.delete', 200, () =>
      send('DELETE', `${CONVERSATIONS}?id=${stored()[1]?.id ?? ''}`),
    );
    expect(stored().map(({ title }) => title)).toEqual([
      'Other "title" \u2028 / 日本',
      'Title 0',
      'Title 1',
      'Title 2',
    ]);
    await expectNoTrace();
  });

  it('finds that settings are set and reset as by PHP, and leaves no trace', async () => {
    for (const greeting of ['Hello', 'Good morning'])
      await expectMatch('settings.set', 200, () =>
        send('PUT', SETTINGS, { greeting, behavior: { tone: 'warm', temperature: 1 }, themeColor: '#a1b2c3' }),
      );
    // The same once more, and a reset of what is reset: PHP's document stays as it is.
    await expectMatch('settings.set', 200, () => send('PUT', SETTINGS, { greeting: 'Good morning' }));
    await expectMatch('settings.reset', 200, () => send('DELETE', SETTINGS));
    await expectMatch('settings.reset', 200, () => send('DELETE', SETTINGS));
    await expectNoTrace();
  });

  it('compares what PHP refuses, too', async () => {
    await expectMatch('conversations.update', 404, () => send('PUT', CONVERSATIONS, { id: 'conv_none', title: 'x' }));
    await expectMatch('conversations.delete', 404, () => send('DELETE', CONVERSATIONS, { id: 'conv_none' }));
    await expectNoTrace();
  });

  it('takes up a list that is full as PHP does', async () => {
    const at = '2026-01-02T03:04:05.678Z';
    const conversations = Array.from({ length: 200 }, (_, i) => ({
      id: `conv_${String(i).padStart(24, '0')}`,
      title: `Title ${i}`,
      created_at: at,
      updated_at: `2026-01-02T03:${String(10 + (i % 50))}:05.678Z`,
      last_message_at: null,
      message_count: 0,
      status: 'active',
      last_message_preview: null,
      metadata: '{}',
      messages: [],
    }));
    data.plant('conversations', ownerKey(user), JSON.stringify({ conversations }));
    await expectMatch('conversations.create', 201, () => send('POST', CONVERSATIONS, { title: 'One more' }));
    expect(stored()).toHaveLength(200);
  });

  it('gives the client PHP’s answer as it is, and what PHP was asked for is not in it', async () => {
    const proxied = await startTwinGateway(data, { env: { DATABASE_URL: server.urlOf('tried') } });
    const refused = { method: 'PUT', headers: { ...bearer(user), 'Content-Type': 'application/json' } };
    const ask = (url: string): Promise<CallAnswer> =>
      call(url, CONVERSATIONS, { ...refused, body: JSON.stringify({ id: 'conv_none', title: 'x' }) });
    const [mirrored, plain] = [await ask(gateway.url), await ask(proxied.url)];
    await proxied.stop();
    const shapeOf = ({ status, rawHeaders, text }: CallAnswer): unknown => [
      status,
      rawHeaders.filter((_, i) => i % 2 === 0),
      text.replace(/"traceId":"[^"]*"/, ''),
    ];
    expect(shapeOf(mirrored)).toEqual(shapeOf(plain));
  });
});
