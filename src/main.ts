import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { banner, describeStaged, findUnreachable, HELP, readStartOptions } from './cli/index.js';
import { ConfigError, type GatewayConfig, loadConfig } from './config/index.js';
import { reportTheEnd } from './errors/index.js';
import { type EmbeddedPhp, phpEnvironment, phpLineWriter, startEmbeddedPhp } from './forward/index.js';
import type { Gateway } from './gateway.js';
import { startProviderStub } from './providers/index.js';
import { EX_CONFIG, EX_UNAVAILABLE, EX_USAGE, explain, StartFault } from './start-fault.js';
import { claimStandardStreams, LogFileError, type Logger, loggerOf, tellOfTheEnd } from './trace/index.js';
import { trimMemoryWhenIdle } from './trim-memory.js';

/** Milliseconds that requests under way get when the process is told to stop. */
const GRACE_MS = 25_000;
/** Milliseconds after which a database that is still starting is mentioned. */
const WARM_UP_QUIETLY_MS = 3000;

const projectRoot = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string };

let logger: Logger | undefined;
const writePlainError = process.stderr.write.bind(process.stderr);
let writePlain = (text: string): void => void process.stdout.write(text);

async function main(): Promise<void> {
  const startedAt = performance.now();
  const options = readStartOptions(process.argv.slice(2));
  if (options.kind === 'help') return say(HELP);
  if (options.kind === 'version') return say(version);
  if (options.kind === 'fault') throw new StartFault(`${options.problem}\nSee: npm start -- --help`, EX_USAGE);

  const config = loadConfig(process.env, { projectRoot, packageVersion: version, overrides: options.env });
  logger = loggerOf(config);
  writePlain = claimStandardStreams(logger, (code, error) => reportTheEnd(error, () => process.exit(code)));
  const parts = await startParts(config, logger);
  try {
    const gateway = await startServing(config, parts);
    // Before anything is said: who reads that it is ready may stop it at once.
    let isStopping = false;
    const stop = (): void => {
      isStopping = true;
      void gateway
        .stop(GRACE_MS)
        .then(() => parts.stop())
        .then(() => process.exit(0));
    };
    process.on('SIGTERM', stop).on('SIGINT', stop);
    process.on('SIGHUP', () => gateway.reloadRoutes());
    say(
      banner(config, {
        url: gateway.url,
        php:
          parts.php === undefined
            ? config.php.targets.join(', ')
            : `embedded, ${parts.php.kind === 'system' ? 'system PHP' : 'WebAssembly PHP'} ${parts.php.version}, serving legacy-php/`,
        isEmbedded: parts.php !== undefined,
        stubOrigin: parts.stub?.origin,
        routesFile: parts.routesFile,
        staged: describeStaged(gateway.staged()),
        database: gateway.database(),
        unreachable: await findUnreachable(config.php.targets),
        startedInMs: performance.now() - startedAt,
      }),
    );
    void tellOfWarmUp(gateway.warmUp(), parts.routesFile, () => isStopping);
    trimMemoryWhenIdle();
  } catch (error) {
    await parts.stop();
    throw explain(error, config);
  }
}

/** In this process, or in several of which this one is the primary. */
async function startServing(
  config: GatewayConfig,
  parts: Parts,
): Promise<Pick<Gateway, 'url' | 'reloadRoutes' | 'staged' | 'database' | 'warmUp' | 'stop'>> {
  const phpTargets = parts.php === undefined ? config.php.targets : [parts.php.origin];
  const { routesFile, stub } = parts;
  if (config.workers === 1) {
    const { startGateway } = await import('./gateway.js');
    return startGateway({ config, routesFile, phpTargets, stubOrigin: stub?.origin });
  }
  const { startPrimary } = await import('./primary.js');
  return startPrimary(config, { routesFile, phpTargets, stubOrigin: stub?.origin ?? null }, (fault) => {
    writePlainError(`${fault.message}\n`);
    void parts.stop().finally(() => process.exit(fault.exitCode));
  });
}

async function tellOfWarmUp(
  warmUp: Promise<boolean> | undefined,
  routesFile: string,
  isStopping: () => boolean,
): Promise<void> {
  if (warmUp === undefined) return;
  const timer = setTimeout(() => {
    say('  The embedded database is still being made ready. Requests that need it wait for it, all others do not.\n');
  }, WARM_UP_QUIETLY_MS).unref();
  const isThere = await warmUp;
  clearTimeout(timer);
  if (isThere || isStopping()) return;
  say(
    '  Note: there is no database; the log says why. Until there is, routes that are replaced answer 503; of canaries PHP answers the reads.\n' +
      `  To give a route back to PHP without one, write "stage: proxy" in ${routesFile}.\n`,
  );
}

interface Parts {
  readonly php: EmbeddedPhp | undefined;
  readonly stub: { readonly origin: string } | undefined;
  readonly routesFile: string;
  stop(): Promise<void>;
}

/** Starts what the gateway brings with it: the embedded PHP application and the providers' stand-ins, where they are wanted. */
async function startParts(config: GatewayConfig, logger: Logger): Promise<Parts> {
  const routesFile =
    config.routes.file ?? join(projectRoot, config.routes.passThrough ? 'routes.pass-through.yaml' : 'routes.yaml');
  const isEmbedded = config.php.targets.length === 0;
  // Telephony has no key in the gateway's configuration: locally it is always a stand-in. Before a PHP of its own, which
  // has providers of its own, only the gateway's realtime part may need one.
  const isLocal = config.environment === 'development' || config.environment === 'test';
  const isWanted = isEmbedded || (config.providers.openai.mode === 'stub' && !config.routes.passThrough);
  const stub = isLocal && isWanted ? await startProviderStub() : undefined;
  if (!isEmbedded) return { php: undefined, stub, routesFile, stop: async () => stub?.stop() };
  try {
    const php = await startEmbeddedPhp({
      root: join(projectRoot, 'legacy-php'),
      env: phpEnvironment(config, stub?.origin),
      log: phpLineWriter(logger),
    });
    const stop = async (): Promise<void> => {
      await Promise.all([php.stop(), stub?.stop()]);
    };
    return { php, stub, routesFile, stop };
  } catch (error) {
    await stub?.stop();
    throw new StartFault(
      `The embedded PHP application did not start: ${error instanceof Error ? error.message : 'unknown reason'}`,
      EX_UNAVAILABLE,
    );
  }
}

/** For people: what stands here comes from the configuration alone, and holds no control characters of anybody's. */
function say(text: string): void {
  writePlain(`${text.replace(/[^\P{Cc}\n]/gu, ' ')}\n`);
}

try {
  await main();
} catch (error) {
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    process.exit(EX_CONFIG);
  }
  if (error instanceof LogFileError) {
    process.stderr.write(`The gateway did not start. ${error.message}\n`);
    process.exit(EX_CONFIG);
  }
  if (error instanceof StartFault) {
    writePlainError(`${error.message}\n`);
    process.exit(error.exitCode);
  }
  if (logger === undefined) throw error;
  tellOfTheEnd(logger, 'it could not start', error);
  process.exit(1);
}
