import type { INestApplication, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Server } from 'node:http';
import { type AddressInfo, Server as TcpServer } from 'node:net';
import { LiveHub } from './admin/index.js';
import { AppModule } from './app.module.js';
import type { GatewayConfig } from './config/index.js';
import { inputDtoNames } from './contract/index.js';
import { Database, type DatabaseState } from './database/index.js';
import { limitConnections, shareOfConnections } from './edge/index.js';
import { EvidenceBook, IgnoreBoard, StageBoard } from './experiment/index.js';
import { Upstreams } from './forward/index.js';
import { FrontDoor } from './front-door.js';
import { GatewayAdapter } from './gateway.adapter.js';
import { measureGateway } from './gateway-metrics.js';
import { Metrics } from './metrics/index.js';
import { Pipeline } from './pipeline.js';
import {
  isStageable,
  type LastGoodTable,
  nativeHandlerNames,
  RouteTableKeeper,
  type Staging,
} from './routing/index.js';
import { LegacyWriters } from './replication/index.js';
import { LOGGER, type Logger, loggerOf, NestLogLines } from './trace/index.js';
import type { WorkerPlace } from './workers/index.js';

/** That part of a stop's grace kept connections stay open for what may be on its way: a second of 25. */
const LINGER_SHARE = 1 / 25;

export interface GatewayOptions {
  readonly config: GatewayConfig;
  /** Absolute path of the route table. */
  readonly routesFile: string;
  /** What `${REMOTE_PHP_BASE}` stands for in the table. */
  readonly phpTargets: readonly string[];
  /** Where the providers' stand-in answers, for a configuration that says `stub`. */
  readonly stubOrigin?: string | undefined;
  /** Modules with native handlers of their own. */
  readonly features?: readonly Type[];
  /** Of this process, where several serve. */
  readonly place?: WorkerPlace | undefined;
  readonly lastGoodTable?: LastGoodTable | undefined;
}

/** A gateway that serves, or has stopped. */
export interface Gateway {
  readonly server: Server;
  readonly url: string;
  readonly logger: Logger;
  /** Reads the route table again, as a change of the file does. */
  reloadRoutes(): void;
  /** The routes that both PHP and Node can answer, with the stages in effect. */
  staged(): readonly (Staging & { readonly name: string })[];
  /** Of its database: what it is, and what is known of it already. */
  database(): { readonly kind: Database['kind']; readonly state: DatabaseState };
  /** What it counts and measures. */
  readonly metrics: Pick<Metrics, 'list' | 'render'>;
  /**
   * Starts an embedded database in the background, when a route in effect that PHP could answer too has its native handler asked:
   * what replaces PHP keeps its data there. Resolves to whether it is there; that it cannot be had is logged.
   * @returns undefined when nothing needs it, or it has been started
   */
  warmUp(): Promise<boolean> | undefined;
  /** Stops taking connections, lets what is under way finish for `graceMs`, then cuts the rest. */
  stop(graceMs: number): Promise<void>;
}

/** Makes a gateway and lets it listen. @throws RouteTableError; a system error (EADDRINUSE, …) when the port cannot be had. */
export async function startGateway({
  config,
  routesFile,
  phpTargets,
  stubOrigin,
  features = [],
  place,
  lastGoodTable,
}: GatewayOptions): Promise<Gateway> {
  const adapter = new GatewayAdapter();
  const app: INestApplication = await NestFactory.create(
    AppModule.for(config, { stubOrigin, features, place }),
    adapter,
    {
      logger: new NestLogLines(loggerOf(config)),
      bodyParser: false,
      abortOnError: false,
    },
  );
  const logger = app.get<Logger>(LOGGER);
  const pipeline = app.get(Pipeline);
  const stages = app.get(StageBoard);
  const ignores = app.get(IgnoreBoard);
  const evidence = app.get(EvidenceBook);
  const writers = app.get(LegacyWriters);
  const live = app.get(LiveHub);
  stages.connect((table) => {
    pipeline.use(table);
    evidence.use(table);
    writers.see(table);
    live.seeTable(table);
  });
  ignores.connect((table) => stages.useTable(table));
  const door = app.get(FrontDoor);
  const keeper = new RouteTableKeeper(
    { file: routesFile, phpTargets, handlers: nativeHandlerNames(), dtos: inputDtoNames(), paths: config.paths },
    (table) => ignores.useTable(table),
    logger,
    lastGoodTable,
  );
  const metrics = app.get(Metrics);
  measureGateway(metrics, door, keeper);
  const server = app.getHttpServer() as Server;
  limitConnections(server, config.http.trustedProxies, logger, shareOfConnections(place?.count));
  try {
    keeper.start();
    adapter.openDoor(door);
    await app.init();
    // The first request already meets the stages that were last set.
    await Promise.all([stages.start(), ignores.start()]);
    await listen(server, config.http.port, config.http.host);
  } catch (error) {
    keeper.stop();
    // What fails on the way out must not hide why.
    ignores.stop();
    await stages.stop().catch(() => undefined);
    await app.close().catch(() => undefined);
    await app
      .get(Upstreams)
      .close()
      .catch(() => undefined);
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  let stopping: Promise<void> | undefined;
  const staged = (): readonly (Staging & { readonly name: string })[] =>
    stages
      .all()
      .filter(({ route }) => isStageable(route))
      .map(({ route, effective: { stage, weight } }) => ({ name: route.name, stage, weight }));
  const stop = async (graceMs: number): Promise<void> => {
    keeper.stop();
    ignores.stop();
    await stages.stop();
    await drain(server, door, graceMs);
    await app.close();
    await app.get(Upstreams).close();
  };
  return {
    server,
    logger,
    url: `http://${config.http.host.includes(':') ? `[${config.http.host}]` : config.http.host}:${port}`,
    reloadRoutes: () => keeper.reload(),
    metrics,
    staged,
    database: () => {
      const { kind, state } = app.get(Database);
      return { kind, state };
    },
    warmUp: () => {
      const database = app.get(Database);
      const isNeeded = staged().some(({ stage }) => stage !== 'proxy');
      if (!isNeeded || database.state !== 'off' || stopping !== undefined) return undefined;
      return database.db().then(
        () => true,
        () => false,
      );
    },
    stop: (graceMs) => (stopping ??= stop(graceMs)),
  };
}

function countConnections(server: Server): Promise<number> {
  return new Promise((resolve) => server.getConnections((error, count) => resolve(error === null ? count : 0)));
}

/** Nest's own `listen` prints the failure besides; here it is the caller's to tell. */
function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/**
 * No new connections; open requests finish and close theirs; halfway new requests on old connections are refused; at the end all is cut.
 * A connection that is kept and idle is left open for a moment: a proxy in front may be sending on it just now, and may not
 * repeat a POST. What it sends is answered, and told that this connection ends.
 */
async function drain(server: Server, door: FrontDoor, graceMs: number): Promise<void> {
  door.enterDrain('finishing');
  door.upgrades.drain(graceMs);
  // The listening socket alone: the server's own `close` ends idle connections at once.
  const closed = new Promise<void>((resolve) => TcpServer.prototype.close.call(server, () => resolve()));
  const lingerMs = graceMs * LINGER_SHARE;
  const startedAt = Date.now();
  const passedMs = (): number => Date.now() - startedAt;
  while (
    (door.openCount > 0 && passedMs() < graceMs) ||
    (passedMs() < lingerMs && (await countConnections(server)) > 0)
  ) {
    if (passedMs() > graceMs / 2) door.enterDrain('refusing');
    // Also those whose answer had begun before it could tell its client that the connection ends.
    if (passedMs() > lingerMs) server.closeIdleConnections();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  server.closeIdleConnections();
  await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 250))]);
  server.closeAllConnections();
  door.upgrades.cut();
  await closed;
}
