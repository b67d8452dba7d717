import { Body, Controller, Header, HttpCode, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../contract/index.js';
import { DatabaseUnavailableError } from '../database/index.js';
import { Retention, type RetentionOutcome, RetentionPolicyError } from '../retention/index.js';
import { NativeHandler } from '../routing/index.js';
import { adminRequest, readFields } from './admin-request.js';
import { RetentionDto } from './retention.dto.js';

/** The clean-up of the gateway's rows: its policy, its runs, and a run now. For administrators. */
@Controller()
export class RetentionController {
  constructor(@Inject(Retention) private readonly retention: Retention) {}

  @NativeHandler('admin.retention')
  @Header('Cache-Control', 'no-store')
  async show(@Req() req: IncomingMessage): Promise<object> {
    adminRequest(req);
    return answering(async () => ({
      isScheduled: this.retention.isScheduled,
      keepMs: this.retention.policy(),
      runs: await this.retention.runs.list(),
    }));
  }

  @NativeHandler('admin.retention.run')
  @Header('Cache-Control', 'no-store')
  @HttpCode(200)
  async run(@Req() req: IncomingMessage, @Body() body: unknown): Promise<object> {
    const { exchange, admin } = adminRequest(req);
    const { dryRun } = readFields(body, RetentionDto, ['dryRun']);
    const outcome = await answering<RetentionOutcome>(() =>
      this.retention.run({ by: admin.subject, traceId: exchange.traceId, isDryRun: dryRun === true }),
    );
    if (outcome.kind === 'busy')
      throw new GatewayError('BAD_REQUEST', {
        status: 409,
        error: `Another clean-up is under way, by ${outcome.run.by} since ${outcome.run.startedAt.toISOString()}.`,
      });
    return { run: outcome.run, items: outcome.items };
  }
}

async function answering<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof RetentionPolicyError)
      throw new GatewayError('BAD_REQUEST', {
        status: 409,
        error: `The retention policy (RETENTION_FILE) cannot be used; nothing was removed. ${error.message.replaceAll('\n', '; ')}`,
      });
    if (!(error instanceof DatabaseUnavailableError)) throw error;
    throw new GatewayError('UPSTREAM_UNAVAILABLE', {
      error: 'The database gives no answer: see npm run doctor, and try again.',
      headers: { 'Retry-After': '2' },
    });
  }
}
