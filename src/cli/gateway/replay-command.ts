import { replayFixtures, reportParity } from '../../experiment/index.js';
import { AdminCallError, callAdmin } from './admin-client.js';
import type { Against } from './commands/replay.command.js';
import { type OperatorAccess, UsageError } from './operator-access.js';
import { printParity } from './print-parity.js';
import { Progress } from './progress.js';
import { printableJson } from './printable.js';
import { readFixtures } from './replay-files.js';
import { replayIdentities } from './replay-identities.js';
import type { ReplayCommandOptions } from './replay-options.js';
import { type ReplayTarget, sendReplay } from './replay-sender.js';
import { RouteAddresses } from './route-addresses.js';

const EX_FAULT = 1;
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/;

/** What the gateway says of a route's comparison. */
interface RouteRules {
  readonly arms: readonly string[];
  readonly ignore: { readonly pointer: string; readonly reason: string; readonly expiresAt: number }[];
  readonly keyed: Readonly<Record<string, string>>;
  readonly expectedStatuses: readonly number[];
}

/** Replays fixtures and prints how the answers compare. @returns the exit code @throws AdminCallError, UsageError */
export async function replay(options: ReplayCommandOptions, access: OperatorAccess): Promise<number> {
  const { against, isJson, allowsWrites } = options;
  const fixtures = readFixtures(options.names, options.folder);
  const rules = new Map<string, RouteRules | undefined>();
  for (const route of new Set(fixtures.map((fixture) => fixture.route)))
    rules.set(route, await askRules(route, options, access));
  const arm = 'arm' in against ? against.arm : undefined;
  const base = 'url' in against ? against.url : access.base;
  if (allowsWrites) checkWrites(base, await isProduction(options, access), options.confirm);
  const target: ReplayTarget = {
    base,
    arm: arm === undefined ? undefined : { name: arm, adminToken: access.adminToken },
    addresses: await askAddresses(options, access),
    hasBothArms: (route) => (rules.get(route)?.arms.length ?? 0) > 1,
  };
  // A token that this gateway would take is for nobody else.
  const mayMint = 'arm' in against || LOOPBACK.test(new URL(base).hostname);
  const progress = new Progress(isJson);
  let sent = 0;
  const outcomes = await replayFixtures(fixtures, {
    send: async (request, fixture) => {
      progress.show({ label: 'replay', done: sent, total: fixtures.length, unit: 'fixtures' });
      sent += 1;
      return sendReplay(target, request, fixture);
    },
    identify: replayIdentities(options, access, mayMint),
    settingsOf: (route) => {
      const known = rules.get(route);
      if (arm === undefined) return { rules: known ?? {} };
      if (known === undefined) return { leftOut: 'the route table has no such route' };
      return known.arms.includes(arm) ? { rules: known } : { leftOut: `${arm} does not answer this route` };
    },
    allowsWrites,
  }).finally(() => progress.end());
  const report = reportParity(outcomes, (route) => rules.get(route)?.expectedStatuses ?? []);
  process.stdout.write(`${isJson ? printableJson(report) : printParity(report)}\n`);
  return report.isParity ? 0 : EX_FAULT;
}

/** Undefined: the gateway has no such route; or another address is asked and no gateway is there to say. */
async function askRules(
  route: string,
  { against }: ReplayCommandOptions,
  { base, adminToken }: OperatorAccess,
): Promise<RouteRules | undefined> {
  return unlessUnknown(
    against,
    callAdmin(base, adminToken(), { method: 'GET', path: `/recording/routes/${encodeURIComponent(route)}` }),
  ) as Promise<RouteRules | undefined>;
}

async function askAddresses(
  { against }: ReplayCommandOptions,
  { base, adminToken }: OperatorAccess,
): Promise<RouteAddresses | undefined> {
  const routes = (await unlessUnknown(against, callAdmin(base, adminToken(), { method: 'GET', path: '/stages' }))) as
    readonly { readonly route: string; readonly path: string }[] | undefined;
  return routes && new RouteAddresses(new Map(routes.map(({ route, path }) => [route, path])));
}

/** Undefined also where another address is asked and no gateway is there. */
async function unlessUnknown(against: Against, asked: Promise<unknown>): Promise<unknown> {
  try {
    return await asked;
  } catch (error) {
    const mayBeUnknown =
      error instanceof AdminCallError && (error.status === 404 || ('url' in against && error.status === 0));
    if (!mayBeUnknown) throw error;
    return undefined;
  }
}

/** Whether the gateway says so; of another address nobody can tell. */
async function isProduction({ against }: ReplayCommandOptions, { base, adminToken }: OperatorAccess): Promise<boolean> {
  if ('url' in against) return !LOOPBACK.test(new URL(against.url).hostname);
  const { environment } = (await callAdmin(base, adminToken(), { method: 'GET', path: '/recording' })) as {
    environment?: string;
  };
  return environment !== 'development' && environment !== 'test';
}

function checkWrites(base: string, mayBeProduction: boolean, confirm: string | undefined): void {
  const { host, hostname } = new URL(base);
  if ((!mayBeProduction && LOOPBACK.test(hostname)) || confirm === host) return;
  throw new UsageError(
    `${host} may be production, and --writes changes data there: if that is meant, say --confirm ${host} besides`,
  );
}
