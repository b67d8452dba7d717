import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { HOME_PATHS } from './compose-config.js';
import type { ConfigFault } from './config-error.js';
import type { EnvironmentVariables } from './environment-variables.js';
import { faultOf } from './read-environment.js';
import { secretsAreNotExamples, secretsAreStrong, secretsSignAlone } from './secret-combinations.js';
import { isLoopbackUrl, parseUrl, withoutSlashAtEnd } from './value-checks.js';

export interface CombinedFindings {
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly string[];
}

type Finding = { readonly name: string; readonly problem: string; readonly isWarning?: boolean };
type Rule = (variables: EnvironmentVariables, projectRoot: string) => readonly Finding[];

/** What is wrong between variables, or between a variable and the machine. Each rule reads alone. */
export function applyCombinedRules(variables: EnvironmentVariables, projectRoot: string): CombinedFindings {
  const findings = RULES.flatMap((rule) => rule(variables, projectRoot));
  return {
    faults: findings.filter(({ isWarning }) => isWarning !== true).map(({ name, problem }) => faultOf(name, problem)),
    warnings: findings.filter(({ isWarning }) => isWarning === true).map(({ name, problem }) => `${name} ${problem}`),
  };
}

const originsAreNamed: Rule = ({ NODE_ENV: environment, ALLOWED_ORIGINS: origins }) => {
  if (environment !== 'preview' && environment !== 'production') return [];
  if (origins === undefined) return [{ name: 'ALLOWED_ORIGINS', problem: `is required in ${environment}` }];
  const ofNobody = origins.includes('null')
    ? [{ name: 'ALLOWED_ORIGINS', problem: 'lists null: every site can send it', isWarning: true } as const]
    : [];
  if (!origins.includes('*')) return ofNobody;
  return environment === 'production'
    ? [{ name: 'ALLOWED_ORIGINS', problem: 'must not be * in production' }]
    : [{ name: 'ALLOWED_ORIGINS', problem: 'is *: every site may call the gateway', isWarning: true }];
};

const secretsTravelEncrypted: Rule = (variables) => {
  if (variables.NODE_ENV !== 'production') return [];
  const names = ['JWT_JWKS_URL', 'ELEVENLABS_BASE_URL', 'OPENAI_BASE_URL', 'OPENAI_REALTIME_URL'] as const;
  return names
    .filter((name) => /^(http|ws):/i.test(variables[name] ?? '') && !isLoopbackUrl(variables[name] ?? ''))
    .map((name) => ({
      name,
      problem: 'must be encrypted (https:// or wss://) in production, unless it is on this machine',
    }));
};

const issuerAndAudienceArePinned: Rule = (variables) => {
  if (variables.JWT_JWKS_URL === undefined) return [];
  const meaning = { JWT_ISSUER: 'of any issuer', JWT_AUDIENCE: 'for any audience' } as const;
  return (['JWT_ISSUER', 'JWT_AUDIENCE'] as const)
    .filter((name) => variables[name] === undefined)
    .map((name) => ({
      name,
      problem: `is not set: tokens ${meaning[name]} that the JWKS keys have signed are accepted`,
      isWarning: true,
    }));
};

const realtimeHasKey: Rule = (variables) =>
  variables.NODE_ENV === 'production' && variables.ENABLE_WS_PROXY === true && variables.OPENAI_API_KEY === undefined
    ? [{ name: 'OPENAI_API_KEY', problem: 'is required in production when ENABLE_WS_PROXY is true' }]
    : [];

const refreshOutlivesAccess: Rule = ({ ACCESS_TOKEN_TTL_S: access = 900, REFRESH_TOKEN_TTL_S: refresh = 2_592_000 }) =>
  refresh <= access
    ? [{ name: 'REFRESH_TOKEN_TTL_S', problem: 'is not longer than ACCESS_TOKEN_TTL_S', isWarning: true }]
    : [];

const proxiesAreFew: Rule = ({ TRUSTED_PROXIES: ranges = [] }) =>
  ranges.some((range) => range.endsWith('/0'))
    ? [
        {
          name: 'TRUSTED_PROXIES',
          problem: 'trusts every address: any client can choose the address it is seen under',
          isWarning: true,
        },
      ]
    : [];

const targetsAreOthers: Rule = ({ REMOTE_PHP_BASE: targets = [], HOST: host, PORT: port = 3000 }) => {
  const found: Finding[] = [];
  const urls = targets.map((target) => parseUrl(target));
  const seen = new Set(urls.map((url) => withoutSlashAtEnd(url?.href ?? '')));
  if (seen.size < targets.length) found.push({ name: 'REMOTE_PHP_BASE', problem: 'names a target twice' });
  const isOwn = (url: URL | undefined): boolean =>
    url?.protocol === 'http:' &&
    Number(url.port === '' ? 80 : url.port) === port &&
    (isLoopbackUrl(url.href) || url.hostname === host);
  if (urls.some(isOwn))
    found.push({ name: 'REMOTE_PHP_BASE', problem: 'must not name the gateway itself (its HOST and PORT)' });
  return found;
};

const filesExist: Rule = (variables, projectRoot) => {
  const found: Finding[] = [];
  const isFile = (path: string): boolean =>
    statSync(resolve(projectRoot, path), { throwIfNoEntry: false })?.isFile() ?? false;
  const routes = variables.ROUTES_FILE ?? (variables.REMOTE_PHP_BASE === undefined ? 'routes.yaml' : undefined);
  if (routes !== undefined && !isFile(routes)) {
    const which = variables.ROUTES_FILE === undefined ? 'is not set, and the default routes.yaml' : 'names a file that';
    found.push({ name: 'ROUTES_FILE', problem: `${which} does not exist (paths start at the project's folder)` });
  }
  if (variables.SMTP_CA_FILE !== undefined && !isFile(variables.SMTP_CA_FILE)) {
    found.push({
      name: 'SMTP_CA_FILE',
      problem: `names a file that does not exist (paths start at the project's folder)`,
    });
  } else if (variables.SMTP_CA_FILE !== undefined && !holdsCertificate(resolve(projectRoot, variables.SMTP_CA_FILE))) {
    found.push({ name: 'SMTP_CA_FILE', problem: 'names a file that cannot be read, or holds no PEM certificate' });
  }
  return found;
};

function holdsCertificate(path: string): boolean {
  try {
    return new X509Certificate(readFileSync(path)).raw.byteLength > 0;
  } catch {
    return false;
  }
}

const MAIL_SETTINGS = ['SMTP_PORT', 'SMTP_USER', 'SMTP_PASS', 'SMTP_CA_FILE', 'EMAIL_FROM'] as const;

const mailIsComplete: Rule = (variables) => {
  const { SMTP_HOST: host, SMTP_USER: user, SMTP_PASS: pass, EMAIL_FROM: from } = variables;
  if (host === undefined)
    return MAIL_SETTINGS.filter((name) => variables[name] !== undefined).map((name) => ({
      name,
      problem: 'has no effect without SMTP_HOST: mail is refused',
      isWarning: true,
    }));
  const found: Finding[] = [];
  if (from === undefined) found.push({ name: 'EMAIL_FROM', problem: 'is required with SMTP_HOST' });
  if (user === undefined && pass !== undefined)
    found.push({ name: 'SMTP_USER', problem: 'is required with SMTP_PASS' });
  if (pass === undefined && user !== undefined)
    found.push({ name: 'SMTP_PASS', problem: 'is required with SMTP_USER' });
  if (variables.PORT === 0 && variables.REMOTE_PHP_BASE === undefined)
    found.push({
      name: 'PORT',
      problem: 'is 0: embedded PHP cannot be told where the gateway is, and refuses to send mail',
      isWarning: true,
    });
  return found;
};

const RESERVED_PATHS = ['/api', '/realtime', '/livez', '/readyz', '/metrics', '/csp-report', '/openapi.json'];

const pathsAreApart: Rule = ({ ADMIN_PATH: admin = HOME_PATHS.admin, DOCS_PATH: docs = HOME_PATHS.docs }) => {
  const overlaps = (left: string, right: string): boolean =>
    `${left}/`.startsWith(`${right}/`) || `${right}/`.startsWith(`${left}/`);
  const found: Finding[] = [];
  for (const [name, path] of [['ADMIN_PATH', admin] as const, ['DOCS_PATH', docs] as const]) {
    const taken = RESERVED_PATHS.find((reserved) => overlaps(path, reserved));
    if (taken !== undefined) found.push({ name, problem: `must not overlap ${taken}, which the gateway serves` });
  }
  if (overlaps(admin, docs)) found.push({ name: 'DOCS_PATH', problem: 'must not overlap ADMIN_PATH' });
  return found;
};

const metricsPortIsOwn: Rule = ({ METRICS_PORT: metrics, PORT: port = 3000 }) =>
  metrics !== undefined && metrics !== 0 && metrics === port
    ? [{ name: 'METRICS_PORT', problem: 'must differ from PORT; leave it unset to serve metrics on the same port' }]
    : [];

/** One process alone may open the embedded database; a table that lets everything pass uses none. */
const workersShareDatabase: Rule = ({ GATEWAY_WORKERS: workers = 1, ...variables }) => {
  const { DATABASE_URL: database, REMOTE_PHP_BASE: php, ROUTES_FILE: routes } = variables;
  if (workers === 1 || database !== undefined || (php !== undefined && routes === undefined)) return [];
  const problem = `is required with GATEWAY_WORKERS=${workers}: the embedded database belongs to one process alone`;
  return [{ name: 'DATABASE_URL', problem }];
};

const RULES: readonly Rule[] = [
  originsAreNamed,
  secretsAreStrong,
  secretsSignAlone,
  secretsAreNotExamples,
  secretsTravelEncrypted,
  issuerAndAudienceArePinned,
  realtimeHasKey,
  refreshOutlivesAccess,
  proxiesAreFew,
  targetsAreOthers,
  filesExist,
  mailIsComplete,
  pathsAreApart,
  metricsPortIsOwn,
  workersShareDatabase,
];
