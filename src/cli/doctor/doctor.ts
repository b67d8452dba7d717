import type { Check, CheckResult } from './check.js';
import { directoriesCheck } from './checks/directories.check.js';
import { embeddedPhpChecks } from './checks/embedded-php.check.js';
import { jwksChecks } from './checks/jwks.check.js';
import { listeningCheck } from './checks/listening.check.js';
import { phpTargetChecks } from './checks/php-target.check.js';
import { postgresChecks } from './checks/postgres.check.js';
import { providerChecks } from './checks/provider.check.js';
import { redisChecks } from './checks/redis.check.js';
import { routeTableCheck } from './checks/route-table.check.js';
import { runtimeChecks } from './checks/runtime.check.js';
import { settingsChecks } from './checks/settings.check.js';
import { smtpChecks } from './checks/smtp.check.js';
import { telnyxChecks } from './checks/telnyx.check.js';
import type { DoctorFacts } from './doctor-facts.js';
import { redactorFor } from './redaction.js';
import { runChecks, type TimedResult } from './run-checks.js';

/** Milliseconds that each check may take; they run at the same time. */
const LIMIT_MS = 5000;
const MAX_CHARACTERS = 400;

/** Everything that is looked at, in the order in which it is told. */
function checksFor(facts: DoctorFacts): readonly Check[] {
  return [
    ...runtimeChecks(facts),
    ...settingsChecks(facts),
    directoriesCheck(facts),
    listeningCheck(facts),
    routeTableCheck(facts),
    ...embeddedPhpChecks(facts),
    ...phpTargetChecks(facts),
    ...redisChecks(facts),
    ...postgresChecks(facts),
    ...jwksChecks(facts),
    ...providerChecks(facts),
    ...telnyxChecks(facts),
    ...smtpChecks(facts),
  ];
}

/** Looks at a configuration and at every dependency that it names. Never rejects; no result holds a secret. */
export async function examine(facts: DoctorFacts, limitMs = LIMIT_MS): Promise<readonly TimedResult[]> {
  const redact = redactorFor(facts.config);
  const results = await runChecks(checksFor(facts), limitMs);
  return results.map((result) => ({ ...result, ...showable(result, redact) }));
}

/** What servers answered must not paint on a terminal, run on for ever, or repeat our secrets. */
function showable({ name, found, fix }: CheckResult, redact: (text: string) => string): Partial<CheckResult> {
  const plain = (text: string): string => {
    // Control and formatting characters, which also turn the direction of what follows.
    const line = redact(text).replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ');
    return line.length > MAX_CHARACTERS ? `${line.slice(0, MAX_CHARACTERS)}…` : line;
  };
  return { name: plain(name), found: plain(found), ...(fix === undefined ? {} : { fix: plain(fix) }) };
}
