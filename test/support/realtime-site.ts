import { Controller, Module, type Type } from '@nestjs/common';
import { AuthModule, JwtVerifier, makeAccessToken, Revocations } from '../../src/auth/index.js';
import { CONFIG, type GatewayConfig } from '../../src/config/index.js';
import { DrainState, EdgeModule, UpgradeHandlers } from '../../src/edge/index.js';
import { Metrics } from '../../src/metrics/index.js';
import { RealtimeMetrics } from '../../src/realtime/realtime-metrics.js';
import { RealtimeProvider } from '../../src/realtime/index.js';
import { SocketEntrance } from '../../src/realtime/socket/socket-entrance.js';
import { SOCKET_LIMITS, type SocketLimits } from '../../src/realtime/socket/socket-limits.js';
import { NativeHandler } from '../../src/routing/index.js';
import { LOGGER, type Logger } from '../../src/trace/index.js';
import { RealtimeClient, type RealtimeClientOptions } from './realtime-client.js';
import { type RealtimeUpstream, startRealtimeUpstream, type UpstreamSession } from './realtime-upstream.js';
import { JWT_SECRET, startTestGateway, type TestGateway } from './test-gateway.js';

/** Put together, so that no file holds what looks like a key. */
export const KEY = ['sk', 'proj', '0123456789abcdefghijklmnopqrstuv'].join('-');

/** `/realtime` without limits of its route, and `/limited`, whose sockets have the limits of the test. */
export const SOCKET_ROUTES = `
policies:
  authorization: { public: {} }
routes:
  socket: { match: { path: /realtime, methods: [GET] }, handler: realtime.socket, policies: { authorization: public, upgrade: true } }
`;
const LIMITED_ROUTE = `  limited: { match: { path: /limited, methods: [GET] }, handler: test.limited, policies: { authorization: public, upgrade: true } }
`;

/** Of the gateway that was started last with limits of the test's own. */
let revocations: Revocations | undefined;
let subjects = 0;
/** An access token of somebody who has no session yet. */
export function accessToken(
  options: { readonly lifeS?: number; readonly subject?: string; readonly id?: string } = {},
): string {
  subjects += 1;
  return makeAccessToken(JWT_SECRET, { subject: `caller-${subjects}`, roles: ['user'], lifeS: 600, ...options });
}

/** A gateway before an upstream that does what a test says. */
export interface RealtimeSite {
  readonly gateway: TestGateway;
  readonly upstream: RealtimeUpstream;
  readonly url: string;
  open(options?: RealtimeClientOptions): Promise<RealtimeClient>;
  /** A client that is somebody. */
  signIn(token?: string, options?: RealtimeClientOptions): Promise<RealtimeClient>;
  /** A client that is connected, and its session at the upstream. */
  connect(options?: RealtimeClientOptions): Promise<{ client: RealtimeClient; session: UpstreamSession }>;
  /** Revokes a token by its `jti`; with `limits` only. */
  revoke(id: string): Promise<void>;
  /** Ends all sign-ins of a subject, as an erasure does; with `limits` only. */
  revokeSubject(subject: string): Promise<void>;
  stop(): Promise<void>;
}

export interface RealtimeSiteOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Other limits than the shipped ones. */
  readonly limits?: Partial<SocketLimits>;
  readonly onFrame?: (session: UpstreamSession, frame: string) => void;
}

export async function startRealtimeSite({ env, limits, onFrame }: RealtimeSiteOptions = {}): Promise<RealtimeSite> {
  const upstream = await startRealtimeUpstream(onFrame);
  const gateway = await startTestGateway({
    routes: limits === undefined ? SOCKET_ROUTES : SOCKET_ROUTES + LIMITED_ROUTE,
    features: limits === undefined ? [] : [limitedSockets({ ...SOCKET_LIMITS, ...limits })],
    env: {
      ENABLE_WS_PROXY: 'true',
      MAX_CONNECTIONS_PER_IP: '2000',
      OPENAI_BASE_URL: upstream.baseUrl,
      OPENAI_API_KEY: KEY,
      ...env,
    },
  });
  const url = `${gateway.url.replace('http', 'ws')}${limits === undefined ? '/realtime' : '/limited'}`;
  const open = (options?: RealtimeClientOptions): Promise<RealtimeClient> => RealtimeClient.connect(url, options);
  const signIn = async (token = accessToken(), options?: RealtimeClientOptions): Promise<RealtimeClient> => {
    const client = await open(options);
    client.send({ type: 'authenticate', token });
    await client.next('auth_success');
    return client;
  };
  return {
    gateway,
    upstream,
    url,
    open,
    signIn,
    connect: async (options) => {
      const client = await signIn(undefined, options);
      const index = upstream.sessions.length;
      client.send({ type: 'connect_realtime' });
      await client.next('realtime_connected');
      return { client, session: await upstream.session(index) };
    },
    revoke: async (id) => revocations?.revokeToken(id, Date.now() / 1000 + 600),
    revokeSubject: async (subject) => revocations?.revokeSubject(subject),
    stop: async () => {
      await gateway.stop(200);
      await upstream.stop();
    },
  };
}

/** The same entrance as the gateway's, with other limits: nobody waits half a minute for a ping. */
function limitedSockets(limits: SocketLimits): Type {
  @Controller()
  class LimitedController {
    @NativeHandler('test.limited')
    refuse(): never {
      throw new Error('sockets only');
    }
  }

  @Module({
    imports: [AuthModule, EdgeModule],
    controllers: [LimitedController],
    providers: [
      {
        provide: SocketEntrance,
        inject: [CONFIG, RealtimeProvider, DrainState, JwtVerifier, Metrics, LOGGER, UpgradeHandlers, Revocations],
        useFactory: (
          { realtime: settings }: GatewayConfig,
          provider: RealtimeProvider,
          drain: DrainState,
          jwt: JwtVerifier,
          metrics: Metrics,
          logger: Logger,
          upgrades: UpgradeHandlers,
          revoked: Revocations,
        ) => {
          revocations = revoked;
          const session = { jwt, metrics: new RealtimeMetrics(metrics), logger };
          const entrance = new SocketEntrance({ settings, provider, drain, limits, session });
          upgrades.register('test.limited', entrance);
          return entrance;
        },
      },
    ],
  })
  class LimitedModule {}
  return LimitedModule;
}
