import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Answer,
  ARM_AUTHORITY_HEADER,
  ARM_HEADER,
  type Fixture,
  readFixture,
  replayFixtures,
  type ReplayOptions,
  reportParity,
} from '../../src/experiment/index.js';
import { eventually } from './eventually.js';
import { call } from './http-call.js';
import { type LegacyPhp, startLegacyPhp, unlimitedTable } from './legacy-php.js';
import { type PostgresServer, startPostgresServer } from './postgres-server.js';
import { bearer } from './staged-site.js';
import { startTestGateway, type TestGateway } from './test-gateway.js';

export type Arm = 'native' | 'php';

interface RouteRules {
  readonly arms: readonly string[];
  readonly expectedStatuses: readonly number[];
}

interface Shown {
  readonly recording: { readonly fixtures: number; readonly ended: string | null } | null;
}

/** Answers of a replay, by the fixture's recording and number. */
export type HeardAnswers = ReadonlyMap<string, Answer>;

export const answerKey = ({ recording, seq }: Fixture): string => `${recording} ${seq}`;

/** Donna with the shipped route table, real PHP and real Postgres, whose traffic is recorded and replayed. */
export class ReplaySite {
  private constructor(
    private readonly php: LegacyPhp,
    private readonly postgres: PostgresServer,
    readonly gateway: TestGateway,
  ) {}

  static async start(postgres: string): Promise<ReplaySite> {
    const [php, server] = await Promise.all([startLegacyPhp(), startPostgresServer(postgres)]);
    const env = { DATABASE_URL: await server.createDatabase('replay') };
    const gateway = await startTestGateway({ routes: unlimitedTable(), phpTargets: [php.origin], env });
    return new ReplaySite(php, server, gateway);
  }

  async admin(method: string, path: string, body?: object): Promise<unknown> {
    const answer = await call(this.gateway.url, `/admin/api${path}`, {
      method,
      headers: { ...bearer('boss', ['admin']), 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status !== 200) throw new Error(answer.text);
    return (answer.json() as { data: unknown }).data;
  }

  /** What a recording keeps of some traffic, of which it must be `count` exchanges. */
  async record(
    settings: { readonly name: string; readonly routes: readonly string[]; readonly keep: readonly string[] },
    send: () => Promise<number>,
  ): Promise<readonly { readonly name: string; readonly text: string }[]> {
    await this.admin('POST', '/recording', settings);
    const count = await send();
    await eventually(async () => ((await this.admin('GET', '/recording')) as Shown).recording?.fixtures === count);
    await this.admin('DELETE', '/recording');
    return this.fetchAll();
  }

  /** Sends the fixtures to one arm; each caller of a recording is new. */
  async replay(
    fixtures: readonly Fixture[],
    arm: Arm,
  ): Promise<{ readonly report: ReturnType<typeof reportParity>; readonly heard: HeardAnswers }> {
    const heard = new Map<string, Answer>();
    const rules = await this.rulesOf(fixtures);
    const options: ReplayOptions = {
      allowsWrites: true,
      ...replayRules(rules, arm),
      identify: (caller, recording) => identify(caller, `${arm}-${recording}-${performance.timeOrigin}`),
      send: async ({ method, target, headers, body, identity }, fixture) => {
        const { authorization } = identity;
        const chooses = rules.get(fixture.route)?.arms.length === 2;
        const answer = await call(this.gateway.url, target, {
          method,
          headers: {
            ...headers,
            ...(authorization === undefined ? {} : { authorization }),
            ...(chooses
              ? { [ARM_HEADER]: arm, [ARM_AUTHORITY_HEADER]: bearer('boss', ['admin'])['Authorization'] ?? '' }
              : {}),
          },
          ...(body === undefined ? {} : { body }),
        });
        const said = answer.headers[ARM_HEADER.toLowerCase()];
        if (chooses && answer.status < 400 && said !== arm)
          throw new Error(`${fixture.route} was answered by ${String(said)}`);
        const pairs = answer.rawHeaders.flatMap((name, i): [string, string][] =>
          i % 2 === 0 ? [[name, answer.rawHeaders[i + 1] ?? '']] : [],
        );
        const made = {
          status: answer.status,
          headers: pairs,
          body: answer.body,
          contentType: answer.headers['content-type'],
          ms: 0,
        };
        heard.set(answerKey(fixture), made);
        return made;
      },
    };
    const outcomes = await replayFixtures(fixtures, options);
    return { report: reportParity(outcomes, (route) => rules.get(route)?.expectedStatuses ?? []), heard };
  }

  async rulesOf(fixtures: readonly Fixture[]): Promise<ReadonlyMap<string, RouteRules>> {
    const rules = new Map<string, RouteRules>();
    for (const { route } of fixtures)
      if (!rules.has(route)) rules.set(route, (await this.admin('GET', `/recording/routes/${route}`)) as RouteRules);
    return rules;
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    await this.php.stop();
    await this.postgres.stop();
  }

  private async fetchAll(): Promise<{ name: string; text: string }[]> {
    const files: { name: string; text: string }[] = [];
    for (;;) {
      const page = (await this.admin('GET', `/recording/fixtures/${files.length}`)) as { files: typeof files };
      if (page.files.length === 0) return files;
      files.push(...page.files);
    }
  }
}

/** Who stands for a caller of a recording; `run` keeps the accounts of two replays apart. */
export function identify(caller: string, run: string): ReturnType<ReplayOptions['identify']> {
  if (caller === 'anonymous') return { authorization: undefined };
  if (caller === 'rejected') return { authorization: 'Bearer rejected' };
  const subject = `${run}-${caller}`;
  return { authorization: bearer(subject)['Authorization'], known: { subject } };
}

/** How the routes of fixtures are compared, where an arm can answer them. */
export function replayRules(rules: ReadonlyMap<string, RouteRules>, arm: Arm): Pick<ReplayOptions, 'settingsOf'> {
  return {
    settingsOf: (route) => {
      const known = rules.get(route);
      return known?.arms.includes(arm) === true ? { rules: known as object } : { leftOut: `${arm} does not answer it` };
    },
  };
}

/** All fixtures below a folder. */
export function readFixtures(folder: string): Fixture[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => readFixture(readFileSync(join(folder, name), 'utf8'), name));
}
