import { describe, expect, it } from '@jest/globals';
import { resolve } from 'node:path';
import { loadConfig } from '../../config/index.js';
import { phpEnvironment } from './php-environment.js';

const STUB = 'http://127.0.0.1:4999';

function environmentOf(env: NodeJS.ProcessEnv, stubOrigin?: string): Readonly<Record<string, string>> {
  const config = loadConfig(
    {
      NODE_ENV: 'test',
      JWT_SECRET: 'a'.repeat(20) + 'jwt-0123456789',
      GATEWAY_IDENTITY_SECRET: 'id-'.repeat(12),
      ...env,
    },
    { projectRoot: resolve(import.meta.dirname, '../../..'), packageVersion: '9.9.9' },
  );
  return phpEnvironment(config, stubOrigin);
}

describe("PHP's environment", () => {
  it('leads every provider to the stand-in when no key is given', () => {
    expect(environmentOf({}, STUB)).toMatchObject({
      OPENAI_BASE_URL: `${STUB}/openai/v1`,
      ELEVENLABS_BASE_URL: `${STUB}/elevenlabs/v1`,
      TELNYX_BASE_URL: `${STUB}/telnyx/v2`,
      TELNYX_API_KEY: expect.stringMatching(/./),
      TELNYX_CONNECTION_ID: expect.stringMatching(/./),
      TELNYX_FROM_NUMBER: expect.stringMatching(/^\+1\d{10}$/),
    });
  });

  it('names no telephone without a stand-in', () => {
    expect(Object.keys(environmentOf({})).filter((name) => name.startsWith('TELNYX_'))).toEqual([]);
  });

  // PHP appends `/voices` and the like: without the version every call to ElevenLabs was answered 404.
  it.each([
    ['the default', {}, 'https://api.elevenlabs.io/v1'],
    ['a bare origin', { ELEVENLABS_BASE_URL: 'https://eu.example.com/' }, 'https://eu.example.com/v1'],
    ['a base with a path', { ELEVENLABS_BASE_URL: 'https://eu.example.com/el/v2' }, 'https://eu.example.com/el/v2'],
  ])('gives ElevenLabs a base that ends in its version: %s', (_what, env, base) => {
    const key = 'k3v9-Qm2x-71aZ-pp0L-uu8R-Wd5e-yT6n-0001';
    expect(environmentOf({ ELEVENLABS_API_KEY: key, ...env })['ELEVENLABS_BASE_URL']).toBe(base);
  });

  it.each([
    [{}, 'http://127.0.0.1:3000'],
    [{ PORT: '8080', HOST: '0.0.0.0' }, 'http://127.0.0.1:8080'],
    [{ HOST: '::' }, 'http://[::1]:3000'],
    [{ HOST: '10.0.0.7' }, 'http://10.0.0.7:3000'],
    [{ PORT: '0' }, undefined],
  ])('says where the gateway takes mail, and nothing of the mail server: %j', (env, origin) => {
    const pass = 'mail-pass-word-of-nobody-else';
    const mail = { SMTP_HOST: 'smtp.example.com', SMTP_USER: 'u', SMTP_PASS: pass, EMAIL_FROM: 'a@example.com' };
    const given = environmentOf({ ...mail, ...env });
    expect(given['GATEWAY_INTERNAL_URL']).toBe(origin);
    expect(JSON.stringify(given)).not.toMatch(/SMTP|EMAIL_FROM|mail-pass/);
    expect(environmentOf(env)).not.toHaveProperty('GATEWAY_INTERNAL_URL');
  });

  it.each([
    ['trace', 'debug'],
    ['warn', 'warn'],
    ['silent', 'error'],
  ])('spells the log level %s as PHP knows it', (level, php) => {
    expect(environmentOf({ LOG_LEVEL: level })['LOG_LEVEL']).toBe(php);
  });
});
