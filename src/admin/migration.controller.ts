import { Body, Controller, Header, HttpCode, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../contract/index.js';
import { DatabaseUnavailableError } from '../database/index.js';
import { CollectionMigrations, type MigrationRun } from '../replication/index.js';
import { NativeHandler } from '../routing/index.js';
import { adminRequest, pathTail, readFields } from './admin-request.js';
import { MigrationDto } from './migration.dto.js';

/** `<collection>`, and behind it a run's id. */
const TAIL = /^([a-z]{1,40})(?:\/(\d{1,18}|dry-[0-9a-f]{16}))?$/;

/** Carries PHP's data into rows and back, in the background. For administrators. */
@Controller()
export class MigrationController {
  constructor(@Inject(CollectionMigrations) private readonly migrations: CollectionMigrations) {}

  /** What can be carried, each with its last run. */
  @NativeHandler('admin.migrations')
  @Header('Cache-Control', 'no-store')
  async list(@Req() req: IncomingMessage): Promise<readonly object[]> {
    adminRequest(req);
    return Promise.all(
      this.migrations.names().map(async (collection) => ({
        collection,
        run: (await asking(this.migrations.show(collection))) ?? null,
      })),
    );
  }

  @NativeHandler('admin.migration')
  @Header('Cache-Control', 'no-store')
  show(@Req() req: IncomingMessage): Promise<MigrationRun> {
    const { collection, id } = this.readTail(pathTail(adminRequest(req).exchange));
    return this.find(collection, id);
  }

  @NativeHandler('admin.migration.start')
  @Header('Cache-Control', 'no-store')
  @HttpCode(202)
  async start(
    @Req() req: IncomingMessage,
    @Body() body: unknown,
  ): Promise<MigrationRun & { readonly isJoined: boolean; readonly isResumed: boolean }> {
    const { exchange, admin } = adminRequest(req);
    const { direction, dryRun, verifyOnly } = readFields(body, MigrationDto, ['direction', 'dryRun', 'verifyOnly']);
    const { collection } = this.readTail(pathTail(exchange));
    const kind = { direction, isDryRun: dryRun === true, isVerifyOnly: verifyOnly === true };
    if (kind.isDryRun && kind.isVerifyOnly)
      throw new GatewayError('VALIDATION_FAILED', {
        validationErrors: { verifyOnly: 'writes nothing anyway: leave dryRun out' },
      });
    const begun = await asking(this.migrations.start(collection, kind, admin.subject, exchange.traceId));
    if (begun.kind === 'refused')
      throw new GatewayError('BAD_REQUEST', {
        status: 409,
        error: `Another run of ${collection} is under way (${described(begun.run)}): wait for its end, or stop it.`,
      });
    const isResumed = begun.kind === 'begun' && begun.isResumed;
    return { ...begun.run, isJoined: begun.kind === 'joined', isResumed };
  }

  @NativeHandler('admin.migration.stop')
  @Header('Cache-Control', 'no-store')
  async stop(@Req() req: IncomingMessage): Promise<MigrationRun> {
    const { collection, id } = this.readTail(pathTail(adminRequest(req).exchange));
    const run = await this.find(collection, id);
    if (run.state === 'running') await asking(this.migrations.stop(run));
    return this.find(collection, run.id);
  }

  private readTail(tail: string): { readonly collection: string; readonly id: string | undefined } {
    const [, collection = '', id] = TAIL.exec(tail) ?? [];
    const names = this.migrations.names();
    if (names.length === 0)
      throw new GatewayError('NOT_FOUND', {
        error: 'No upstream of the route table has `documents`: there is no PHP data that could be carried.',
      });
    if (!names.includes(collection))
      throw new GatewayError('NOT_FOUND', {
        error: `There is no such collection or run. Collections: ${names.join(', ')}.`,
      });
    return { collection, id };
  }

  private async find(collection: string, id: string | undefined): Promise<MigrationRun> {
    const run = await asking(this.migrations.show(collection, id));
    if (run !== undefined) return run;
    throw new GatewayError('NOT_FOUND', {
      error:
        id === undefined
          ? `${collection} was never migrated.`
          : 'There is no such run, or no longer. A dry run is known to the instance that made it alone.',
    });
  }
}

function described({ direction, isDryRun, isVerifyOnly, startedBy, startedAt }: MigrationRun): string {
  const what = isVerifyOnly ? 'a comparison' : direction === 'back' ? 'the way back' : 'the way to Postgres';
  return `${what}${isDryRun ? ', dry' : ''}, by ${startedBy}, since ${startedAt}`;
}

async function asking<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof DatabaseUnavailableError)) throw error;
    throw new GatewayError('UPSTREAM_UNAVAILABLE', {
      error: 'The database gives no answer: see npm run doctor, and try again.',
      headers: { 'Retry-After': '2' },
    });
  }
}
