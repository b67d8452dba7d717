import { Controller, Inject, Module, Req, Res } from '@nestjs/common';
import { sql } from 'kysely';
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Client } from 'pg';
import { Database } from '../../src/database/index.js';
import { StageModule } from '../../src/experiment/index.js';
import { EvidenceBook } from '../../src/experiment/evidence/evidence-book.js';
import { Mirror } from '../../src/experiment/mirror/mirror.js';
import type { MirrorLog } from '../../src/experiment/mirror/mirror-log.js';
import type { EvidenceSnapshot } from '../../src/experiment/decide/evidence-log.js';
import type { Sample } from '../../src/experiment/evidence/route-evidence.js';
import { CONVERSATIONS } from '../../src/features/conversations/conversations.collection.js';
import { Outbound } from '../../src/outbound/index.js';
import { Replication } from '../../src/replication/index.js';
import { NativeHandler } from '../../src/routing/index.js';
import { exchangeOf } from '../../src/trace/index.js';
import { parseDocument } from 'yaml';
import { twinTable } from './donna-data.js';

const DRY_RUN = {
  dryRun: {
    collection: 'conversations',
    generated: ['/data/id', '/data/created_at', '/data/updated_at'],
    generatedEffects: ['/conversations/*/created_at', '/conversations/*/updated_at'],
  },
};

/** What the candidate of tests does, and what became of it. */
export const candidate = {
  /** How it goes about creating a conversation. */
  behaviour: 'right' as Behaviour,
  /** Titles that it was asked for. */
  asked: [] as string[],
  /** Where calls go that nobody may hear. */
  world: '',
  databaseUrl: '',
  faults: [] as unknown[],
  goOn: (): void => undefined,
};

type Behaviour =
  | 'right'
  | 'stores another title'
  | 'answers another id'
  | 'touches others'
  | 'sends mail and calls'
  | 'calls past Outbound'
  | 'connects by itself'
  | 'commits'
  | 'throws'
  | 'hangs';

interface Made {
  readonly id: string;
  readonly title: string;
}

/** Creates a conversation and answers as PHP does, but for what it does wrong. */
@Controller()
class CandidateController {
  constructor(
    @Inject(Replication) private readonly replication: Replication,
    @Inject(Database) private readonly database: Database,
    @Inject(Outbound) private readonly outbound: Outbound,
  ) {}

  @NativeHandler('test.create', DRY_RUN)
  async create(@Req() req: IncomingMessage, @Res() res: ServerResponse): Promise<void> {
    const { title } = JSON.parse(exchangeOf(req)?.body?.toString() ?? '{}') as { title: string };
    candidate.asked.push(title);
    const made = { id: `conv_${randomBytes(12).toString('hex')}`, title };
    const at = await this.behave(req, made);
    const id = candidate.behaviour === 'answers another id' ? `conv_${randomBytes(12).toString('hex')}` : made.id;
    res.statusCode = 201;
    res.setHeader('Content-Type', 'application/json; charset=utf-8');
    res.setHeader('Cache-Control', 'no-store');
    const data = { id, title, created_at: at, status: 'active', message_count: 0 };
    res.end(JSON.stringify({ success: true, message: 'Conversation created.', data }));
  }

  /** As `create`, without a word of dry runs. */
  @NativeHandler('test.undeclared')
  undeclared(@Req() req: IncomingMessage, @Res() res: ServerResponse): Promise<void> {
    return this.create(req, res);
  }

  private async behave(req: IncomingMessage, made: Made): Promise<string> {
    switch (candidate.behaviour) {
      case 'stores another title':
        return this.write(req, { ...made, title: 'another' });
      case 'touches others':
        await (await this.database.db()).updateTable('conversation').set({ updated_at: new Date() }).execute();
        break;
      case 'sends mail and calls':
        await this.outbound.sendMail({ to: ['alice@example.com'], subject: 'Made', text: 'of alice' });
        await this.outbound.fetch(`${candidate.world}/hooks/4711?who=alice`, { method: 'POST', body: 'alice' });
        break;
      case 'calls past Outbound':
        // What fails is swallowed: the answer and the data are right all the same.
        await fetch(`${candidate.world}/direct`).catch((error: unknown) => candidate.faults.push(error));
        break;
      case 'connects by itself':
        await connectByItself().catch((error: unknown) => candidate.faults.push(error));
        break;
      case 'commits': {
        const at = await this.write(req, made);
        await sql.raw('commit').execute(await this.database.db());
        return at;
      }
      case 'throws':
        await this.write(req, made);
        throw new Error('dead');
      case 'hangs': {
        await this.write(req, made);
        await new Promise<void>((resolve) => (candidate.goOn = resolve));
        await this.write(req, { ...made, id: 'conv_late' }).catch((error: unknown) => candidate.faults.push(error));
        break;
      }
      default:
    }
    return this.write(req, made);
  }

  private async write(req: IncomingMessage, { id, title }: Made): Promise<string> {
    const exchange = exchangeOf(req);
    const access = { subject: exchange?.identity?.subject ?? '', traceId: exchange?.traceId ?? '' };
    const at = new Date().toISOString();
    await this.replication.write(CONVERSATIONS, access, { kind: 'create', id, title, metadata: '{}', at });
    return at;
  }
}

async function connectByItself(): Promise<void> {
  const client = new Client({ connectionString: candidate.databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('create table escaped (id integer)');
  await client.end();
}

/** What a gateway of this process knows of its routes. */
const knowledge: { book?: EvidenceBook; mirror?: Mirror; database?: Database } = {};

@Module({ imports: [StageModule], controllers: [CandidateController] })
export class CandidatesModule {
  constructor(
    @Inject(EvidenceBook) book: EvidenceBook,
    @Inject(Mirror) mirror: Mirror,
    @Inject(Database) database: Database,
  ) {
    Object.assign(knowledge, { book, mirror, database });
  }
}

export function databaseOfGateway(): Database {
  if (knowledge.database === undefined) throw new Error('no gateway');
  return knowledge.database;
}

export function evidenceOf(route: string): EvidenceSnapshot {
  const evidence = knowledge.book?.of(route);
  if (evidence === undefined) throw new Error(`nothing is known of ${route}`);
  return evidence.snapshot();
}

/** The last first. */
export function samplesOf(route: string): readonly Sample[] {
  return knowledge.book?.of(route)?.lastSamples() ?? [];
}

export function logOf(route: string): MirrorLog {
  const log = knowledge.mirror?.logOf(route);
  if (log === undefined) throw new Error('no gateway');
  return log;
}

/** Everything that was seen of a route, whatever it came to. */
export function countSeen(route: string): number {
  const { skipped, lost } = logOf(route);
  return Object.values(evidenceOf(route).classes).reduce((sum, count) => sum + count, skipped + lost);
}

/** The shipped table with some writes in mirror, each of them tried; by another handler where one is named. */
export function mirrorTable(handlers: Readonly<Record<string, string | undefined>>, timeoutMs = 5000): string {
  const document = parseDocument(twinTable());
  for (const [route, handler = route] of Object.entries(handlers)) {
    document.setIn(['routes', route, 'handler'], handler);
    document.setIn(['routes', route, 'stage'], 'mirror');
    document.setIn(['routes', route, 'experiment'], { sample: 1, timeoutMs });
  }
  return String(document);
}
