import { afterAll, afterEach, beforeAll, beforeEach, expect, jest } from '@jest/globals';
import type { Type } from '@nestjs/common';
import { request } from 'node:http';
import type { Socket } from 'node:net';
import type { CallAnswer } from './http-call.js';
import { httpAnswer, type RawUpstream, startRawUpstream } from './raw-upstream.js';
import { IDENTITY_SECRET, JWT_SECRET, startTestGateway, type TestGateway } from './test-gateway.js';
import { twoForwarders } from './two-forwarders.js';

/** Put together here, so that no scanner of source code takes this file for a leak. */
export const OPENAI_KEY = 'donna.Zq0wNf8cX5vB2mL7kJ3hG6fD9sA1pO4iU8yT';
export const SMTP_PASS = 'pä"ss/w<rd&8 7x';
export const DATABASE = 'postgres://donna:s3cr3t%2Fpw@127.0.0.1:9/donna';
export const VENDOR_KEY = ['sk', 'ant', 'api03', 'q8Wf3LxZ0vN5bT7yH2kR9mC4dJ6gP1sE'].join('-');
export const GOOGLE_KEY = `AI${'za'}SyB7nQ4cW9eR2tY5uI8oP1aS3dF6gH0jK-x`;

const ENV = {
  OPENAI_API_KEY: OPENAI_KEY,
  OPENAI_BASE_URL: 'http://127.0.0.1:9/v1',
  SMTP_HOST: '127.0.0.1',
  SMTP_USER: 'donna',
  SMTP_PASS,
  EMAIL_FROM: 'donna@example.com',
  DATABASE_URL: DATABASE,
};

/** A gateway with secrets, before an upstream that says what a test tells it to. */
export class LeakySite {
  private upstream: RawUpstream | undefined;
  private gateway: TestGateway | undefined;
  /** What the gateway logged as errors in this test. */
  readonly alarms = jest.fn();
  /** What PHP says next; sees the request's head. */
  say: (socket: Socket, request: string) => void = (socket) => socket.destroy();

  get url(): string {
    return this.running.url;
  }

  async start(routes: string, features: readonly Type[]): Promise<void> {
    this.upstream = await startRawUpstream((socket, head) => this.say(socket, head));
    this.gateway = await startTestGateway({
      routes: `${twoForwarders()}${routes}`,
      phpTargets: [this.upstream.origin],
      env: ENV,
      features: [...features],
    });
  }

  async stop(): Promise<void> {
    await this.gateway?.stop();
    await this.upstream?.stop();
  }

  listen(): void {
    this.alarms.mockClear();
    jest.spyOn(this.running.logger, 'error').mockImplementation((...args: unknown[]) => void this.alarms(...args));
  }

  answerWith(headers: Readonly<Record<string, string>>, body: string | Buffer): void {
    const bytes = Buffer.isBuffer(body) ? body.toString('latin1') : Buffer.from(body).toString('latin1');
    this.say = (socket) => socket.write(httpAnswer(200, { 'Content-Type': 'text/html', ...headers }, bytes), 'latin1');
  }

  expectAlarm(secret: string, where: string | RegExp = 'body'): void {
    expect(this.alarms.mock.calls).toEqual([
      [
        {
          traceId: expect.any(String),
          route: expect.any(String),
          pattern: secret,
          where: expect.stringMatching(where),
        },
        'secret in answer',
      ],
    ]);
    for (const value of [OPENAI_KEY, SMTP_PASS, JWT_SECRET, IDENTITY_SECRET, VENDOR_KEY, GOOGLE_KEY])
      expect(JSON.stringify(this.alarms.mock.calls)).not.toContain(value);
  }

  /** Gets as much of an answer as there is, also of one that is cut. */
  receive(
    path: string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; text: string; isCut: boolean }> {
    return new Promise((resolve, reject) => {
      const req = request(`${this.url}${path}`, { agent: false, headers });
      req.once('error', reject);
      req.once('response', (res) => {
        const chunks: Buffer[] = [];
        res.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
        res.once('close', () =>
          resolve({
            status: res.statusCode ?? 0,
            text: Buffer.concat(chunks).toString('latin1'),
            isCut: !res.complete,
          }),
        );
      });
      req.end();
    });
  }

  private get running(): TestGateway {
    if (this.gateway === undefined) throw new Error('the gateway does not run yet');
    return this.gateway;
  }
}

/** A {@link LeakySite} for all tests of a file; `routes` are lines beside those of the two forwarders. */
export function useLeakySite(routes = '', features: readonly Type[] = []): LeakySite {
  const site = new LeakySite();
  beforeAll(() => site.start(routes, features));
  afterAll(() => site.stop());
  beforeEach(() => site.listen());
  afterEach(() => void jest.restoreAllMocks());
  return site;
}

export function expectRefusal(answer: CallAnswer): void {
  expect([answer.status, answer.json()]).toEqual([
    502,
    {
      success: false,
      traceId: expect.any(String),
      error: 'The application gave no usable answer.',
      errorCode: 'UPSTREAM_BAD_ANSWER',
    },
  ]);
}
