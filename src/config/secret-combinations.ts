import type { EnvironmentVariables } from './environment-variables.js';
import { isDefaultPassword, secretProblem } from './secret-rules.js';
import { isLoopbackUrl, parseUrl } from './value-checks.js';
import { knownVariables } from './variable-decorators.js';

type Finding = { readonly name: string; readonly problem: string; readonly isWarning?: boolean };

const OTHER_SECRETS = ['OPENAI_API_KEY', 'ELEVENLABS_API_KEY', 'SMTP_PASS'] as const;
const PASSWORD_URLS = ['DATABASE_URL', 'REDIS_URL'] as const;

/** Both signing secrets are there, hard to guess and unlike each other. */
export const secretsAreStrong = (variables: EnvironmentVariables): readonly Finding[] => {
  const environment = variables.NODE_ENV;
  const isPublic = environment === 'preview' || environment === 'production';
  const jwt = variables.JWT_SECRET;
  const identity = variables.GATEWAY_IDENTITY_SECRET;
  const found: Finding[] = [];
  for (const [name, secret] of [['JWT_SECRET', jwt] as const, ['GATEWAY_IDENTITY_SECRET', identity] as const]) {
    const isOptional = name === 'JWT_SECRET' && variables.JWT_JWKS_URL !== undefined;
    const problem = secret === undefined ? undefined : secretProblem(secret);
    if (problem !== undefined) found.push({ name, problem, isWarning: !isPublic });
    if (secret !== undefined || isOptional) continue;
    if (environment === 'production')
      found.push({ name, problem: 'is required in production, at least 32 bytes long' });
    if (environment === 'preview') {
      found.push({
        name,
        problem: 'is not set: one was made for this machine alone and is kept in .data',
        isWarning: true,
      });
    }
  }
  if (jwt !== undefined && jwt === identity) {
    found.push({ name: 'GATEWAY_IDENTITY_SECRET', problem: 'must differ from JWT_SECRET', isWarning: !isPublic });
  } else if (jwt !== undefined && identity !== undefined && found.length === 0 && isPartOfOther(jwt, identity)) {
    const problem = 'must be made apart from JWT_SECRET: one of them contains the other';
    found.push({ name: 'GATEWAY_IDENTITY_SECRET', problem, isWarning: !isPublic });
  }
  return found;
};

/** Whoever learns a key for another service, or sets its password, could otherwise sign tokens. */
export const secretsSignAlone = (variables: EnvironmentVariables): readonly Finding[] => {
  const { NODE_ENV: environment, JWT_SECRET: jwt, GATEWAY_IDENTITY_SECRET: identity } = variables;
  const others = [
    ...OTHER_SECRETS.map((name) => [name, variables[name]] as const),
    ...PASSWORD_URLS.map((name) => [name, passwordOf(variables[name])] as const),
  ];
  return [['JWT_SECRET', jwt] as const, ['GATEWAY_IDENTITY_SECRET', identity] as const].flatMap(([name, secret]) => {
    // One that is unfit by itself is not blamed a second time.
    if (secret === undefined || secretProblem(secret) !== undefined) return [];
    const [same] = others.find(([, other]) => other === secret) ?? [];
    if (same === undefined) return [];
    const isWarning = environment !== 'preview' && environment !== 'production';
    return [{ name, problem: `must not be used for ${same} too`, isWarning }];
  });
};

/** Keys and passwords that others have chosen are not judged by their length, but nobody's is the one of an example. */
export const secretsAreNotExamples = (variables: EnvironmentVariables): readonly Finding[] => {
  const { NODE_ENV: environment } = variables;
  if (environment !== 'preview' && environment !== 'production') return [];
  const copied = OTHER_SECRETS.filter((name) => {
    const value = variables[name];
    return value !== undefined && (value === knownVariables.get(name)?.example || isDefaultPassword(value));
  });
  const defaults = PASSWORD_URLS.filter((name) => {
    const url = variables[name] ?? '';
    return isDefaultPassword(passwordOf(url) ?? '') && !isLoopbackUrl(url);
  });
  return [
    ...copied.map((name) => ({ name, problem: 'is the value of an example: set your own, or leave it unset' })),
    ...defaults.map((name) => ({ name, problem: 'holds a password that software ships with: set one of your own' })),
  ];
};

function isPartOfOther(left: string, right: string): boolean {
  return left.includes(right) || right.includes(left);
}

function passwordOf(value: string | undefined): string | undefined {
  const written = parseUrl(value ?? '')?.password ?? '';
  if (written === '') return undefined;
  try {
    return decodeURIComponent(written);
  } catch {
    return written;
  }
}
