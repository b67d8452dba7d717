import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConfigError, loadConfig } from './index.js';
import type { ConfigFault, GatewayConfig } from './index.js';

const STRONG = 'k3v9-Qm2x-71aZ-pp0L-uu8R-Wd5e-yT6n-0001';
const OTHER = 'k3v9-Qm2x-71aZ-pp0L-uu8R-Wd5e-yT6n-0002';
const PRODUCTION = {
  NODE_ENV: 'production',
  ALLOWED_ORIGINS: 'https://app.example.com',
  JWT_SECRET: STRONG,
  GATEWAY_IDENTITY_SECRET: OTHER,
};

const EXAMPLE_PROBLEM = 'is the value of an example: set your own, or leave it unset';
const DEFAULT_PROBLEM = 'holds a password that software ships with: set one of your own';

let projectRoot = '';

beforeEach(() => {
  projectRoot = mkdtempSync(join(tmpdir(), 'donna-config-'));
  writeFileSync(join(projectRoot, 'routes.yaml'), '');
});
afterEach(() => rmSync(projectRoot, { recursive: true, force: true }));

function load(env: NodeJS.ProcessEnv): GatewayConfig {
  return loadConfig(env, { projectRoot, packageVersion: '9.9.9' });
}

function refusal(env: NodeJS.ProcessEnv): ConfigError {
  try {
    load(env);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

function faults(env: NodeJS.ProcessEnv): readonly ConfigFault[] {
  return refusal(env).faults;
}

describe('defaults', () => {
  it('are the contract’s in development', () => {
    const { jwt, identity, directories, ...rest } = load({ PATH: '/opt/bin' });
    expect(rest).toEqual({
      environment: 'development',
      version: '9.9.9',
      workers: 1,
      http: { host: '127.0.0.1', port: 3000, trustedProxies: [] },
      php: { targets: [], fanoutAllowed: true },
      routes: { file: join(projectRoot, 'routes.yaml'), passThrough: false },
      origins: { allowed: [] },
      database: { url: undefined },
      redis: { url: undefined },
      retention: { everyMs: undefined, file: expect.stringMatching(/\/legacy-php\/retention\.json$/) },
      cache: { maxBytes: 67_108_864 },
      csp: { mode: 'report-only' },
      providers: { openai: { mode: 'stub' }, elevenlabs: { mode: 'stub' }, telnyx: { publicKey: undefined } },
      realtime: {
        wsProxyEnabled: false,
        model: 'gpt-realtime',
        tokenTtlS: 600,
        authTimeoutMs: 10_000,
        maxConnectionsPerIp: 3,
        serverVad: false,
      },
      flags: { responseCache: true, reconnect: true, phpSecurityHeaders: true, phpRateLimiting: true },
      mail: { smtp: undefined },
      paths: { admin: '/admin', docs: '/docs' },
      metrics: { port: undefined, allow: ['127.0.0.0/8', '::1/128'] },
      telemetry: { sentryDsn: undefined, otlpEndpoint: undefined },
      log: { level: 'info', file: undefined },
      warnings: [],
    });
    expect(jwt).toMatchObject({ accessTokenTtlS: 900, refreshTokenTtlS: 2_592_000, jwksUrl: undefined });
    expect(jwt.secret).not.toBe(identity.secret);
    expect(directories).toEqual({
      project: projectRoot,
      data: join(projectRoot, '.data'),
    });
  });

  it('in production listen on all addresses, stub nothing and shorten realtime tokens', () => {
    const config = load(PRODUCTION);
    expect(config.http.host).toBe('0.0.0.0');
    expect(config.realtime.tokenTtlS).toBe(300);
    expect(config.providers).toMatchObject({ openai: { mode: 'off' }, elevenlabs: { mode: 'off' } });
    expect(config.jwt.secret).toBe(STRONG);
    expect(config.identity.secret).toBe(OTHER);
    expect(readdirSync(projectRoot)).toEqual(['routes.yaml']);
  });

  it('in preview need named origins, make the secrets and say so', () => {
    expect(faults({ NODE_ENV: 'preview' }).map(({ name }) => name)).toEqual(['ALLOWED_ORIGINS']);
    const config = load({ NODE_ENV: 'preview', ALLOWED_ORIGINS: 'https://pr-1.example.com' });
    expect(config.http.host).toBe('127.0.0.1');
    expect(config.realtime.tokenTtlS).toBe(300);
    expect(config.warnings.join('\n')).toMatch(/JWT_SECRET is not set.*\nGATEWAY_IDENTITY_SECRET is not set/);
  });

  it('say in preview and production which origins let in everybody', () => {
    const preview = load({ NODE_ENV: 'preview', ALLOWED_ORIGINS: '*' });
    expect(preview.warnings).toContain('ALLOWED_ORIGINS is *: every site may call the gateway');
    const production = load({ ...PRODUCTION, ALLOWED_ORIGINS: 'https://app.example.com,null' });
    expect(production.origins.allowed).toEqual(['https://app.example.com', 'null']);
    expect(production.warnings).toContain('ALLOWED_ORIGINS lists null: every site can send it');
  });

  it('with a remote PHP pass everything through and hold the fanout back', () => {
    const config = load({ REMOTE_PHP_BASE: 'https://old.example.com' });
    expect(config.routes).toEqual({ file: undefined, passThrough: true });
    expect(config.php).toEqual({ targets: ['https://old.example.com'], fanoutAllowed: false });
    const tabled = load({ REMOTE_PHP_BASE: 'https://old.example.com', ROUTES_FILE: './routes.yaml' });
    expect(tabled.routes).toEqual({ file: join(projectRoot, 'routes.yaml'), passThrough: false });
  });

  it('count an empty or blank value as unset', () => {
    expect(load({ PORT: '', HOST: '  ', REMOTE_PHP_BASE: '', JWT_SECRET: '' }).http).toMatchObject({ port: 3000 });
    expect(faults({ ...PRODUCTION, JWT_SECRET: ' ' }).map(({ name }) => name)).toEqual(['JWT_SECRET']);
  });
});

describe('values', () => {
  it('are typed and normalized', () => {
    const config = load({
      PORT: ' 8080 ',
      REMOTE_PHP_BASE: 'http://OLD.example.com:80/app/, https://b.example.com/',
      ALLOWED_ORIGINS: 'https://App.Example.com:443,http://localhost:5173',
      ENABLE_WS_PROXY: '1',
      ENABLE_RESPONSE_CACHE: '0',
      OPENAI_API_KEY: 'key',
      OPENAI_BASE_URL: 'http://127.0.0.1:4010',
      METRICS_ALLOW: 'loopback,10.0.0.0/8',
      SMTP_HOST: 'mail.example.com',
      SMTP_PORT: '465',
      EMAIL_FROM: 'donna@example.com',
    });
    expect(config.http.port).toBe(8080);
    expect(config.php.targets).toEqual(['http://old.example.com/app', 'https://b.example.com']);
    expect(config.origins.allowed).toEqual(['https://app.example.com', 'http://localhost:5173']);
    expect(config.realtime.wsProxyEnabled).toBe(true);
    expect(config.flags.responseCache).toBe(false);
    expect(config.providers.openai).toEqual({
      mode: 'real',
      apiKey: 'key',
      baseUrl: 'http://127.0.0.1:4010/v1',
      realtimeUrl: 'ws://127.0.0.1:4010/v1/realtime',
    });
    expect(config.metrics.allow).toEqual(['127.0.0.0/8', '::1/128', '10.0.0.0/8']);
    expect(config.mail.smtp).toEqual({
      host: 'mail.example.com',
      port: 465,
      implicitTls: true,
      login: undefined,
      caFile: undefined,
      from: { name: '', address: 'donna@example.com' },
    });
  });

  it('are frozen to the last list', () => {
    const config = load({ REMOTE_PHP_BASE: 'https://old.example.com' });
    const isDeeplyFrozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(isDeeplyFrozen));
    expect(isDeeplyFrozen(config)).toBe(true);
    expect(() => (config.php.targets as string[]).push('https://evil.example')).toThrow(TypeError);
  });
});

describe('one variable alone', () => {
  it.each([
    ['NODE_ENV', 'prod', 'must be one of development, preview, production, test'],
    ['HOST', 'http://x', 'must be an IP address or a host name, without scheme and port'],
    ['PORT', '80abc', 'must be a whole number from 0 to 65535'],
    ['PORT', '65536', 'must be a whole number from 0 to 65535'],
    ['PORT', '-1', 'must be a whole number from 0 to 65535'],
    ['PORT', '1e3', 'must be a whole number from 0 to 65535'],
    ['PORT', '0x50', 'must be a whole number from 0 to 65535'],
    ['PORT', '3000.0', 'must be a whole number from 0 to 65535'],
    ['REMOTE_PHP_BASE', 'old.example.com', 'must be a URL that starts with http:// or https://'],
    ['REMOTE_PHP_BASE', 'ftp://old.example.com', 'must start with http:// or https://'],
    ['REMOTE_PHP_BASE', 'http://a.example,http://b.example/?x=1', 'entry 2 must not hold a query'],
    ['REMOTE_PHP_BASE', 'http://me:pw@old.example.com', 'must not hold a user name or password'],
    ['REMOTE_PHP_BASE', 'http://a.example,http://A.example/', 'names a target twice'],
    ['REMOTE_PHP_BASE', 'http://localhost:3000', 'must not name the gateway itself (its HOST and PORT)'],
    ['REMOTE_PHP_BASE', ',', 'must name at least one entry'],
    ['ALLOW_REMOTE_PHP_FANOUT', 'yes', 'must be true, false, 1 or 0'],
    ['ENABLE_WS_PROXY', 'TRUE', 'must be true, false, 1 or 0'],
    ['ROUTES_FILE', 'gone.yaml', "names a file that does not exist (paths start at the project's folder)"],
    ['ALLOWED_ORIGINS', 'app.example.com', 'must be an origin that starts with http:// or https://'],
    [
      'ALLOWED_ORIGINS',
      'https://a.example,https://b.example/x',
      'entry 2 must be an origin without path or slash at the end',
    ],
    ['ALLOWED_ORIGINS', 'https://b.example/', 'must be an origin without path or slash at the end'],
    ['ALLOWED_ORIGINS', 'https://*.example.com', 'must be an exact origin, without *'],
    ['TRUSTED_PROXIES', '10.0.0.0/33', 'must have a prefix length from 0 to 32'],
    ['TRUSTED_PROXIES', '10.0.0.1,proxy.local', 'entry 2 must be an IP address or a CIDR block'],
    ['TRUSTED_PROXIES', '::1/129', 'must have a prefix length from 0 to 128'],
    ['TRUSTED_PROXIES', '10.0.0.0/', 'must have a prefix length from 0 to 32'],
    ['ACCESS_TOKEN_TTL_S', '15m', 'must be a whole number from 1 to 86400'],
    ['DATABASE_URL', 'mysql://db', 'must start with postgres:// or postgresql://'],
    ['REDIS_URL', 'cache:6379', 'must be a URL that starts with redis:// or rediss://'],
    ['CSP_MODE', 'off', 'must be one of report-only, enforce'],
    ['TELNYX_PUBLIC_KEY', 'abc', 'must be the base64 of a 32-byte Ed25519 public key (44 characters)'],
    ['REALTIME_TOKEN_TTL_S', '9', 'must be a whole number from 10 to 7200'],
    ['SMTP_HOST', 'smtp.example.com:587', 'must be an IP address or a host name, without scheme and port'],
    ['EMAIL_FROM', 'donna', 'must be an e-mail address, or a name and an address as in the example'],
    ...[
      'a@b.example, c@d.example',
      'Donna <a@b.example>, c@d.example',
      '=?utf-8?q?x?= <a@b.example>',
      'Donna\r\nBcc: x <a@b.example>',
      'a@b.example\r\nBcc: c@d.example',
      'Donna\u202e <a@b.example>',
      'Donna <a@b.example',
      'Donna <<a@b.example>>',
      'a@localhost',
      '"a b"@b.example',
    ].map(
      (value) =>
        ['EMAIL_FROM', value, 'must be an e-mail address, or a name and an address as in the example'] as const,
    ),
    ['SMTP_USER', 'a\u0085b', 'must not hold control characters such as line breaks'],
    ['SMTP_PASS', 'a\r\nMAIL', 'must not hold control characters such as line breaks'],
    ['SMTP_CA_FILE', 'gone.pem', "names a file that does not exist (paths start at the project's folder)"],
    ['ADMIN_PATH', 'admin', 'must be a path such as /name: letters, digits, - _ . and no slash at the end'],
    ['ADMIN_PATH', '/..', 'must be a path such as /name: letters, digits, - _ . and no slash at the end'],
    ['ADMIN_PATH', '/api/admin', 'must not overlap /api, which the gateway serves'],
    ['DOCS_PATH', '/admin/docs', 'must not overlap ADMIN_PATH'],
    ['METRICS_PORT', '3000', 'must differ from PORT; leave it unset to serve metrics on the same port'],
    ['METRICS_ALLOW', 'everyone', 'must be an IP address or a CIDR block'],
    ['LOG_LEVEL', 'verbose', 'must be one of fatal, error, warn, info, debug, trace, silent'],
    ['APP_VERSION', '1 0', 'must be 1 to 64 letters, digits or . + - _'],
    ['GATEWAY_WORKERS', '0', 'must be a whole number from 1 to 256'],
  ])('%s=%s is refused: %s', (name, value, problem) => {
    expect(faults({ [name]: value })).toEqual([{ name, problem, example: expect.any(String) }]);
  });
});

describe('mail', () => {
  const MAIL = { SMTP_HOST: 'smtp.example.com', EMAIL_FROM: 'donna@example.com' };

  it.each([
    ['Donna <donna@example.com>', { name: 'Donna', address: 'donna@example.com' }],
    ['"Zoë, Donna" <Donna@BÜCHER.example>', { name: 'Zoë, Donna', address: 'Donna@xn--bcher-kva.example' }],
    ['donna@example.com', { name: '', address: 'donna@example.com' }],
  ])('is from %s', (text, from) => {
    expect(load({ ...MAIL, EMAIL_FROM: text }).mail.smtp?.from).toEqual(from);
  });

  it('says what has no effect without a mail server', () => {
    const { warnings, mail } = load({ EMAIL_FROM: 'donna@example.com', SMTP_USER: 'u' });
    expect(mail.smtp).toBeUndefined();
    expect(warnings).toEqual(
      expect.arrayContaining([
        'SMTP_USER has no effect without SMTP_HOST: mail is refused',
        'EMAIL_FROM has no effect without SMTP_HOST: mail is refused',
      ]),
    );
    expect(load({ ...MAIL, PORT: '0' }).warnings.join()).toContain('PORT is 0: embedded PHP cannot be told');
  });

  it('refuses an authority that is none', () => {
    // Any file that there is.
    expect(faults({ ...MAIL, SMTP_CA_FILE: 'routes.yaml' })).toMatchObject([
      { name: 'SMTP_CA_FILE', problem: 'names a file that cannot be read, or holds no PEM certificate' },
    ]);
  });
});

describe('production', () => {
  it.each([
    ['ALLOWED_ORIGINS', '', 'is required in production'],
    ['ALLOWED_ORIGINS', '*', 'must not be * in production'],
    ['JWT_SECRET', '', 'is required in production, at least 32 bytes long'],
    ['JWT_SECRET', 'x'.repeat(31), 'must be at least 32 bytes long'],
    ['JWT_SECRET', 'a-string-secret-at-least-256-bits-long', 'is a well-known example value: make one of your own'],
    ['JWT_SECRET', 'your-super-secret-jwt-key-here-abcdef', 'is a well-known example value: make one of your own'],
    ['GATEWAY_IDENTITY_SECRET', '', 'is required in production, at least 32 bytes long'],
    ['GATEWAY_IDENTITY_SECRET', STRONG, 'must differ from JWT_SECRET'],
    ['GATEWAY_IDENTITY_SECRET', `${STRONG}-php`, 'must be made apart from JWT_SECRET: one of them contains the other'],
    ['OPENAI_API_KEY', 'the-key-from-your-openai-account', EXAMPLE_PROBLEM],
    ['ELEVENLABS_API_KEY', 'changeme', EXAMPLE_PROBLEM],
    // A header field cannot hold it: the first caller of /realtime ended the process.
    [
      'OPENAI_API_KEY',
      `${['sk', 'proj', '0123456789abcdefghij'].join('-')}\n`,
      'must be visible ASCII characters, without a space or line break at its end',
    ],
    ['DATABASE_URL', 'postgres://donna:postgres@db.example.com/donna', DEFAULT_PROBLEM],
    ['REDIS_URL', 'rediss://:change-me@cache.example.com', DEFAULT_PROBLEM],
    [
      'JWT_JWKS_URL',
      'http://login.example.com/jwks',
      'must be encrypted (https:// or wss://) in production, unless it is on this machine',
    ],
    [
      'OPENAI_REALTIME_URL',
      'ws://api.example.com',
      'must be encrypted (https:// or wss://) in production, unless it is on this machine',
    ],
  ])('refuses %s=%s: %s', (name, value, problem) => {
    expect(faults({ ...PRODUCTION, [name]: value })).toEqual([{ name, problem, example: expect.any(String) }]);
  });

  it('counts bytes, not characters, of a secret', () => {
    const umlauts = 'äöüÄÖÜßàéèçñøåœæ';
    expect(load({ ...PRODUCTION, JWT_SECRET: umlauts }).jwt.secret).toHaveLength(16);
  });

  it('needs no JWT_SECRET with a JWKS, and does not make one', () => {
    const { JWT_SECRET: _, ...env } = PRODUCTION;
    const config = load({
      ...env,
      JWT_JWKS_URL: 'https://login.example.com/jwks',
      JWT_ISSUER: 'https://login.example.com',
      JWT_AUDIENCE: 'donna',
    });
    expect(config.jwt.secret).toBeUndefined();
    expect(config.warnings).toEqual([]);
  });

  it('warns of a JWKS whose tokens may be of anybody, or for anybody', () => {
    const { warnings } = load({ ...PRODUCTION, JWT_JWKS_URL: 'https://login.example.com/jwks' });
    expect(warnings).toEqual([expect.stringContaining('JWT_ISSUER'), expect.stringContaining('JWT_AUDIENCE')]);
  });

  it('needs an OpenAI key when the WebSocket proxy is on', () => {
    expect(faults({ ...PRODUCTION, ENABLE_WS_PROXY: 'true' })).toMatchObject([{ name: 'OPENAI_API_KEY' }]);
    expect(load({ ...PRODUCTION, ENABLE_WS_PROXY: 'true', OPENAI_API_KEY: 'k' }).providers.openai.mode).toBe('real');
  });

  it.each([
    ['OPENAI_API_KEY', { OPENAI_API_KEY: STRONG }],
    ['SMTP_PASS', { SMTP_HOST: 'smtp.example.com', SMTP_USER: 'u', SMTP_PASS: STRONG, EMAIL_FROM: 'a@example.com' }],
    ['DATABASE_URL', { DATABASE_URL: `postgres://donna:${STRONG}@db.example.com/donna` }],
    ['REDIS_URL', { REDIS_URL: `rediss://:${STRONG}@cache.example.com` }],
  ])('refuses a JWT_SECRET that is used for %s too, and so does preview', (other, more) => {
    const expected = [
      { name: 'JWT_SECRET', problem: `must not be used for ${other} too`, example: expect.any(String) },
    ];
    expect(faults({ ...PRODUCTION, ...more })).toEqual(expected);
    expect(faults({ ...PRODUCTION, ...more, NODE_ENV: 'preview' })).toEqual(expected);
  });

  it('takes a database on this machine with the password it ships with', () => {
    const url = 'postgres://donna:postgres@127.0.0.1/donna';
    expect(load({ ...PRODUCTION, DATABASE_URL: url }).database.url).toBe(url);
  });

  it('refuses the example secrets of .env.example', () => {
    const example = 'replace-me-with-the-output-of-openssl-rand-base64-48';
    expect(faults({ ...PRODUCTION, JWT_SECRET: example })).toMatchObject([{ name: 'JWT_SECRET' }]);
  });
});

describe('the message', () => {
  it('tells all faults at once, in the contract’s order, each with an example', () => {
    const error = refusal({
      NODE_ENV: 'production',
      LOG_LEVEL: 'loud',
      PORT: '80abc',
      TRUSTED_PROXIES: 'me',
      SMTP_HOST: 'smtp.example.com',
      SMTP_USER: 'donna',
    });
    expect(error.exitCode).toBe(78);
    expect(error.faults.map(({ name }) => name)).toEqual([
      'PORT',
      'ALLOWED_ORIGINS',
      'TRUSTED_PROXIES',
      'JWT_SECRET',
      'GATEWAY_IDENTITY_SECRET',
      'SMTP_PASS',
      'EMAIL_FROM',
      'LOG_LEVEL',
    ]);
    expect(error.message).toMatch(/^The gateway did not start: 8 settings are wrong\.\n/);
    expect(error.message).toContain('  PORT must be a whole number from 0 to 65535\n    example: PORT=3000');
    for (const { example } of error.faults) expect(example).not.toBe('');
  });

  it('never holds a value, be it a secret or not', () => {
    const planted = 'Pl4nted';
    const error = refusal({
      NODE_ENV: 'production',
      PORT: planted,
      ALLOWED_ORIGINS: `https://${planted}.example/x`,
      REMOTE_PHP_BASE: `http://u:${planted}@h`,
      JWT_SECRET: planted,
      GATEWAY_IDENTITY_SECRET: planted,
      DATABASE_URL: `mysql://u:${planted}@h`,
      REDIS_URL: planted,
      SENTRY_DSN: planted,
      TELNYX_PUBLIC_KEY: planted,
      SMTP_HOST: 'h',
      SMTP_PASS: planted,
      EMAIL_FROM: planted,
    });
    expect(error.faults).toHaveLength(12);
    expect(JSON.stringify([error.message, error.faults, error.stack])).not.toContain(planted);
  });

  it('does not blame a wrong value for being missing too', () => {
    expect(faults({ ...PRODUCTION, ALLOWED_ORIGINS: 'nowhere' })).toHaveLength(1);
  });
});

describe('warnings', () => {
  it('name the variable that a misspelt one meant', () => {
    const { warnings } = load({ ALOWED_ORIGINS: 'x', REDIS_URI: 'x', jwt_secert: 'x', PROT: '1' });
    expect(warnings).toEqual([
      'ALOWED_ORIGINS is not a setting of the gateway and has no effect; did you mean ALLOWED_ORIGINS?',
      'REDIS_URI is not a setting of the gateway and has no effect; did you mean REDIS_URL?',
      'jwt_secert is not a setting of the gateway and has no effect; did you mean JWT_SECRET?',
      'PROT is not a setting of the gateway and has no effect; did you mean PORT?',
    ]);
  });

  it('leave the usual names of a shell alone', () => {
    const usual = [
      'HOME',
      'PATH',
      'HOSTNAME',
      'PWD',
      'SHLVL',
      'TERM',
      'LANG',
      'MAIL',
      'SORT',
      'NODE_OPTIONS',
      'npm_config_cache',
    ];
    expect(
      load(Object.fromEntries(usual.filter((name) => name !== 'SORT').map((name) => [name, 'x']))).warnings,
    ).toEqual([]);
  });

  it('tell a weak secret in development without showing it', () => {
    const { warnings } = load({ JWT_SECRET: 'tiny', GATEWAY_IDENTITY_SECRET: 'tiny' });
    expect(warnings).toEqual([
      'JWT_SECRET must be at least 32 bytes long',
      'GATEWAY_IDENTITY_SECRET must be at least 32 bytes long',
      'GATEWAY_IDENTITY_SECRET must differ from JWT_SECRET',
    ]);
  });
});

describe('.env in the project root', () => {
  beforeEach(() => writeFileSync(join(projectRoot, '.env'), 'PORT=4000\nLOG_LEVEL="debug"\nALOWED_ORIGINS=x\n'));

  it('is read, and the real environment wins', () => {
    const config = load({ PORT: '5000' });
    expect([config.http.port, config.log.level, config.warnings.length]).toEqual([5000, 'debug', 1]);
  });

  it('is switched off for a name that is set empty', () => {
    expect(load({ PORT: '' }).http.port).toBe(3000);
  });

  it('is not read under NODE_ENV=test', () => {
    expect(load({ NODE_ENV: 'test' }).http.port).toBe(3000);
  });

  it('is named when it cannot be read', () => {
    rmSync(join(projectRoot, '.env'));
    mkdirSync(join(projectRoot, '.env'));
    expect(faults({})).toMatchObject([{ name: '.env', problem: 'cannot be read (EISDIR)' }]);
  });
});

describe('secrets made in development', () => {
  it('are kept under .data for the next start, readable by the owner alone', () => {
    const first = load({});
    expect(load({})).toEqual(first);
    expect(Buffer.byteLength(first.identity.secret)).toBeGreaterThanOrEqual(32);
    expect(statSync(join(projectRoot, '.data/secrets.json')).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(projectRoot, '.data'))).toEqual(['secrets.json']);
  });

  it('give way to what is set', () => {
    const config = load({ JWT_SECRET: STRONG });
    expect(config.jwt.secret).toBe(STRONG);
    expect(config.identity.secret).toBe(load({}).identity.secret);
  });

  it('are refused from a damaged file, which is named but not quoted', () => {
    mkdirSync(join(projectRoot, '.data'));
    writeFileSync(join(projectRoot, '.data/secrets.json'), '{"JWT_SECRET":"Pl4nted"');
    const error = refusal({});
    expect(error.message).toContain(join(projectRoot, '.data/secrets.json'));
    expect(error.message).toContain('it is damaged; delete it to have new secrets made');
    expect(error.message).not.toContain('Pl4nted');
    expect(readFileSync(join(projectRoot, '.data/secrets.json'), 'utf8')).toBe('{"JWT_SECRET":"Pl4nted"');
  });

  it('cannot be kept where .data is a file', () => {
    writeFileSync(join(projectRoot, '.data'), '');
    expect(faults({})).toMatchObject([{ name: 'JWT_SECRET', problem: expect.stringContaining('cannot be kept in') }]);
  });
});
