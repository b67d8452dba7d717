import { afterAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { descriptionOf } from '../../src/openapi/descriptions/index.js';
import { makeDocument } from '../../src/openapi/index.js';
import { RouteMatcher } from '../../src/routing/index.js';
import { SHIPPED, tableOf } from '../support/shipped-table.js';
import { catchAllTable } from '../support/test-gateway.js';

const ROOT = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

describe('the API document', () => {
  const table = tableOf(SHIPPED);
  const everyone = makeDocument(table, { audience: 'everyone', version: '0.0.0' });
  const administrators = makeDocument(table, { audience: 'admin', version: '0.0.0' });
  const folder = mkdtempSync(join(tmpdir(), 'openapi-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('describe every route of the shipped table, for each of its methods', () => {
    const missing = new RouteMatcher(table)
      .listed()
      .filter(({ method }) => method !== 'HEAD')
      .flatMap(({ method, group }) =>
        [group.base, ...(group.byAction?.values() ?? [])]
          .filter((route) => route !== undefined)
          .filter((route) => descriptionOf(route, method) === undefined)
          .map(({ name }) => `${name} ${method}`),
      );
    expect(missing).toEqual([]);
  });

  it("leave a team's own table alone: what nobody has described appears with its policies, and no name is taken for another", () => {
    const text = `${catchAllTable('rateLimit: [few]')}
  health: { match: { path: /orders.php, methods: [GET] }, upstream: php, policies: { authorization: members, maxBodyBytes: 99 } }
  marketing.send: { match: { path: /orders.php, methods: [POST], action: ship }, upstream: php, policies: { authorization: members } }
`.replace(
      'public: {} }',
      'public: {}, members: { anyOf: [jwt], roles: [member] } }\n  rateLimit: { few: { limit: 3, windowS: 60, per: ip } }',
    );
    const { paths, tags } = makeDocument(tableOf(text), { audience: 'admin', version: '1' });
    expect(tags.map(({ name }) => name)).toEqual(['Other']);
    expect(Object.keys(paths)).toEqual(['/orders.php', '/{path}']);
    expect(paths['/orders.php']?.get).toMatchObject({
      operationId: 'health',
      security: [{ bearerAuth: [] }],
      'x-required-roles': ['member'],
      'x-donna-stage': 'proxy',
      responses: { default: {}, 401: {}, 403: {}, 502: {} },
    });
    expect(paths['/orders.php']?.post?.requestBody?.content['application/json']?.schema).toEqual({
      type: 'object',
      required: ['action'],
      properties: { action: { type: 'string', enum: ['ship'] } },
    });
    expect(Object.keys(paths['/{path}'] ?? {})).toEqual(['get', 'post', 'put', 'patch', 'delete']);
    expect(paths['/{path}']?.get?.['x-rate-limit']).toEqual([{ name: 'few', limit: 3, windowS: 60, per: 'ip' }]);
    // Who has no such role reads nothing of it.
    expect(Object.keys(makeDocument(tableOf(text), { audience: 'everyone', version: '1' }).paths)).toEqual(['/{path}']);
  });

  it('are made in a moment: nobody waits for the loop meanwhile', () => {
    makeDocument(table, { audience: 'admin', version: '1' });
    const startedAt = process.cpuUsage();
    for (let i = 0; i < 5; i += 1) makeDocument(table, { audience: 'admin', version: '1' });
    const { user, system } = process.cpuUsage(startedAt);
    // Microseconds of five; in truth each takes a few milliseconds.
    expect((user + system) / 5).toBeLessThan(250_000);
  });

  it('is linted, and a fault in it is found', async () => {
    const [good, admin, bad] = ['good', 'admin', 'bad'].map((name) => join(folder, `${name}.json`));
    writeFileSync(String(good), JSON.stringify(everyone));
    writeFileSync(String(admin), JSON.stringify(administrators));
    const broken = structuredClone(everyone) as unknown as {
      paths: Record<
        string,
        Record<
          string,
          {
            summary?: string;
            operationId: string;
            requestBody: { content: Record<string, { examples: Record<string, { value: object }> }> };
          }
        >
      >;
    };
    delete broken.paths['/api/health']?.['get']?.summary;
    const chat = broken.paths['/api/donna_logic.php']?.['post'];
    if (chat === undefined) throw new Error('no chat');
    chat.operationId = 'settings.get';
    Object.assign(chat.requestBody.content['application/json']?.examples['first']?.value ?? {}, {
      user_profile: 'nobody',
    });
    writeFileSync(String(bad), JSON.stringify(broken));
    const lint = (...files: (string | undefined)[]): Promise<{ code: number; out: string }> =>
      run(process.execPath, ['scripts/lint-openapi.mjs', ...files.map(String)], { cwd: ROOT }).then(
        ({ stdout }) => ({ code: 0, out: stdout }),
        ({ code, stdout }: { code: number; stdout: string }) => ({ code, out: stdout }),
      );
    expect(await lint(good, admin)).toEqual({ code: 0, out: '2 OpenAPI documents, nothing is wrong\n' });
    const { code, out } = await lint(bad);
    expect(code).toBe(1);
    expect(out).toMatch(/operation-summary at #\/paths\/~1api~1health\/get/);
    expect(out).toMatch(/operation-operationId-unique/);
    expect(out).toMatch(/no-invalid-media-type-examples.*user_profile/);
  });

  it('stands in docs/api as it is, and so do the types of a client', async () => {
    const file = join(folder, 'current.json');
    writeFileSync(file, JSON.stringify(everyone));
    const { stdout } = await run(process.execPath, ['scripts/client-types.mjs', '--check', '--document', file], {
      cwd: ROOT,
    }).catch((error: unknown) => error as { stdout: string });
    expect(stdout).toBe('');
  });
});
