import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { makeAccessToken, signIdentity } from '../../src/auth/index.js';
import { PostgresDatabase } from '../../src/database/postgres/postgres-database.js';
import type { Logger } from '../../src/trace/index.js';
import { requirePart } from '../setup/parts.js';
import { type DonnaData, startDonnaData, twinTable } from '../support/donna-data.js';
import { eventually } from '../support/eventually.js';
import { startGatewayProcess } from '../support/gateway-process.js';
import { call } from '../support/http-call.js';
import { PhpLine } from '../support/php-line.js';
import { describeWithFpm } from '../support/php-fpm.js';
import { type PostgresServer, startPostgresServer } from '../support/postgres-server.js';
import { sendRaw } from '../support/raw-client.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from '../support/raw-upstream.js';
import { PhpSide, ReplicationInstance } from '../support/replication-site.js';
import { IDENTITY_SECRET, JWT_SECRET, startTestGateway, type TestGateway } from '../support/test-gateway.js';

const SILENT = { info: () => undefined, warn: () => undefined, error: () => undefined } as unknown as Logger;
const BRIDGE = '/api/internal/documents.php';

describe("PHP's bridge to documents, from outside", () => {
  let php: RawUpstream;
  let gateway: TestGateway;

  beforeAll(async () => {
    php = await startRawUpstream((socket) => socket.write(httpAnswer(200, {}, '{"success":true}')));
    gateway = await startTestGateway({ phpTargets: [php.origin], routes: twinTable() });
  });
  afterAll(async () => {
    await gateway.stop();
    await php.stop();
  });

  it.each([
    BRIDGE,
    `/${BRIDGE}`,
    '/api//internal//documents.php',
    '/api/./internal/x/../documents.php',
    '/api/internal%2Fdocuments.php',
    '/%61pi/%69nternal/documents.php',
    '/x/../api/internal/documents.php',
    `${BRIDGE}/x`,
    `${BRIDGE}/x.css`,
    `${BRIDGE}?action=read`,
    '/api/internal/',
    '/api/internal/other.php',
  ])('the gateway does not let %s through, whoever asks and however', async (path) => {
    const body = JSON.stringify({ action: 'read', collection: 'settings', owner: 'a'.repeat(40) });
    const bodyDigest = createHash('sha256').update(body).digest('base64url');
    const headers = [
      // As though it came from a gateway; a client's own is taken off in any case.
      `X-Gateway-Identity: ${signIdentity(IDENTITY_SECRET, 'internal', 'POST', BRIDGE, { bodyDigest })}`,
      `Authorization: Bearer ${makeAccessToken(JWT_SECRET, { subject: 'boss', roles: ['admin'], lifeS: 60 })}`,
      'Content-Type: application/json',
    ];
    for (const method of ['POST', 'GET']) {
      const answer = await sendRaw(
        gateway.port,
        `${method} ${path} HTTP/1.1\r\nHost: x\r\n${headers.join('\r\n')}\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      );
      expect(Number(/^HTTP\/1\.1 (\d+)/.exec(String(answer))?.[1])).toBeGreaterThanOrEqual(400);
    }
    expect(php.requests.filter((request) => /nternal|%69/i.test(request.split('\r\n')[0] ?? ''))).toEqual([]);
  });
});

describeWithFpm('kill -9 of a gateway in the midst of a native write', (parts) => {
  let donna: DonnaData;
  let server: PostgresServer;
  let line: PhpLine;

  beforeAll(async () => {
    const postgres = requirePart('postgres');
    if (!postgres.isPresent) throw new Error(postgres.reason);
    donna = await startDonnaData(parts);
    server = await startPostgresServer(postgres.path);
    line = await PhpLine.start(donna.origin);
  }, 60_000);
  afterAll(async () => {
    await line.stop();
    await server.stop();
    await donna.stop();
  });

  it('a write that was committed is delivered once, be it before or after PHP had it', async () => {
    const url = await server.createDatabase('replication');
    const php = new PhpSide(donna.origin, donna.folder);
    const id = await php.create('had', 'before');
    // Told apart by the kind of change: the one is kept from PHP, the other is done there and nobody hears of it.
    line.decide = ({ action, collection }) =>
      action !== 'apply' ? 'open' : collection === 'settings' ? 'held' : 'mute';
    const gateway = await startGatewayProcess(twinTable('replaced'), line.origin, { DATABASE_URL: url });
    const write = (subject: string, method: string, path: string, body: object): void => {
      const token = makeAccessToken(JWT_SECRET, { subject, roles: ['user'], lifeS: 60 });
      void call(gateway.url, path, {
        method,
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      }).catch(() => undefined);
    };
    write('not-had', 'POST', '/api/chatbot_settings.php', { theme: 'dark' });
    write('had', 'PUT', '/api/conversations.php', { id, title: 'native' });
    try {
      await eventually(() => line.count('apply') === 2 && php.titles('had')[0] === 'native');
    } finally {
      await gateway.stop();
    }
    const outbox = await server.ask('replication', 'select collection from replication_outbox order by collection');
    expect(outbox.map(({ collection }) => collection)).toEqual(['conversations', 'settings']);
    expect(donna.document('settings', 'not-had')).toBeUndefined();
    await php.rename('had', id, 'PHP since');

    const database = new PostgresDatabase(url, SILENT);
    await database.onModuleInit();
    const next = await ReplicationInstance.start(database, donna.origin);
    try {
      await eventually(async () => (await next.pending()) === 0);
      expect(php.settings('not-had')).toMatchObject({ theme: 'dark' });
      expect(php.titles('had')).toEqual(['PHP since']);
      expect([await next.settings('not-had'), await next.titles('had')]).toEqual([{ theme: 'dark' }, ['PHP since']]);
    } finally {
      await next.stop();
      await database.close();
    }
  }, 60_000);
});
