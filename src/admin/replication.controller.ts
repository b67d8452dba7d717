import { Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../contract/index.js';
import { Database, DatabaseUnavailableError } from '../database/index.js';
import { Replication, type ReplicationStatus } from '../replication/index.js';
import { NativeHandler } from '../routing/index.js';
import { adminRequest } from './admin-request.js';

/** What waits for PHP, for whoever is about to let PHP answer again. For administrators. */
@Controller()
export class ReplicationController {
  constructor(
    @Inject(Replication) private readonly replication: Replication,
    @Inject(Database) private readonly database: Database,
  ) {}

  @NativeHandler('admin.replication')
  @Header('Cache-Control', 'no-store')
  async show(@Req() req: IncomingMessage): Promise<object> {
    adminRequest(req);
    const { kind, state, hasData } = this.database;
    const { lastFailure, ...status } = await this.read();
    return {
      // An embedded database that has not been started is not started to look.
      isKnown: kind === 'postgres' || state === 'up' || !hasData,
      ...status,
      lastFailure: lastFailure ?? null,
    };
  }

  private async read(): Promise<ReplicationStatus> {
    try {
      return await this.replication.status();
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) throw error;
      throw new GatewayError('UPSTREAM_UNAVAILABLE', {
        error: 'The database gave no answer: what waits for PHP is not known.',
        headers: { 'Retry-After': '2' },
      });
    }
  }
}
