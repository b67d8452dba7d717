import { describe, expect, it } from '@jest/globals';
import { call } from '../support/http-call.js';
import { useLeakySite } from '../support/leaky-site.js';
import { httpAnswer } from '../support/raw-upstream.js';

const site = useLeakySite();

describe('a failure that PHP tells in JSON', () => {
  const sql = 'SQLSTATE[42S02]: no such table in \\/var\\/www\\/html\\/x.php on line 3';
  const tell = (status: number, body: string): void => {
    site.say = (socket) =>
      socket.write(
        httpAnswer(status, { 'Content-Type': 'application/json', 'Set-Cookie': 'a=1', 'Retry-After': '7' }, body),
      );
  };

  it.each([
    [500, 'INTERNAL'],
    [503, 'UPSTREAM_UNAVAILABLE'],
    [404, 'NOT_FOUND'],
    [200, 'INTERNAL'],
  ])('with status %i keeps its status and loses SQL and paths', async (status, errorCode) => {
    tell(status, `{"success":false,"error":"${sql}","trace":[]}`);
    const answer = await call(site.url, '/json/x');
    expect([answer.status, answer.json()]).toEqual([
      status,
      { success: false, traceId: expect.any(String), error: expect.any(String), errorCode },
    ]);
    expect(answer.text).not.toMatch(/SQLSTATE|var|html/);
    expect([answer.all('set-cookie'), answer.all('retry-after')]).toEqual([['a=1'], ['7']]);
  });

  it('loses SQL and paths where PHP’s own envelope was right already, as its trace id was ours', async () => {
    site.say = (socket, head) => {
      const traceId = /^x-trace-id: (.+)$/im.exec(head)?.[1]?.trim() ?? '';
      const body = `{"success":false,"traceId":"${traceId}","error":"${sql}"}`;
      socket.write(httpAnswer(500, { 'Content-Type': 'application/json' }, body));
    };
    const answer = await call(site.url, '/json/x');
    expect(answer.json()).toMatchObject({
      success: false,
      errorCode: 'INTERNAL',
      traceId: answer.headers['x-trace-id'],
    });
    expect(answer.text).not.toMatch(/SQLSTATE|var|html/);
  });

  it('that says no more than it should is left as it is', async () => {
    tell(500, '{"error":"The mailbox is full.","code":1.0}');
    expect((await call(site.url, '/json/x')).text).toContain('"error":"The mailbox is full.","code":1.0');
  });

  it('is not what a talk about SQL is', async () => {
    tell(200, `{"success":true,"reply":"The message ${sql} means that a table is missing."}`);
    expect((await call(site.url, '/json/x')).text).toContain(sql);
  });
});
