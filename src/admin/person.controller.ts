import { Body, Controller, Header, HttpCode, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { ResponseCache } from '../cache/index.js';
import { GatewayError } from '../contract/index.js';
import { DatabaseUnavailableError } from '../database/index.js';
import { Persons } from '../persons/index.js';
import { NativeHandler } from '../routing/index.js';
import { StateUnavailableError } from '../state/index.js';
import { adminRequest, readFields } from './admin-request.js';
import { PersonEraseDto, PersonExportDto } from './person.dto.js';

/** A person's data, handed over and erased. In bodies alone: an address stands in logs. For administrators. */
@Controller()
export class PersonController {
  constructor(
    @Inject(Persons) private readonly persons: Persons,
    @Inject(ResponseCache) private readonly cache: ResponseCache,
  ) {}

  @NativeHandler('admin.person.export')
  @Header('Cache-Control', 'no-store')
  @HttpCode(200)
  async export(@Req() req: IncomingMessage, @Body() body: unknown): Promise<object> {
    const { exchange, admin } = adminRequest(req);
    const known = ['subject', 'email', 'store', 'part', 'after'];
    const { subject, email, store, part, after } = readFields(body, PersonExportDto, known);
    const ask = { subject, email: email ?? undefined, traceId: exchange.traceId };
    if (store == null && part == null)
      return answering(() => this.persons.beginExport(ask, { by: admin.subject, reason: 'export' }));
    if (store == null || part == null)
      throw new GatewayError('VALIDATION_FAILED', {
        validationErrors: { [store == null ? 'store' : 'part']: 'is required: a part is named by both' },
      });
    return answering(async () => ({
      store,
      part,
      ...(await this.persons.exportPart(ask, store, part, after ?? undefined)),
    }));
  }

  @NativeHandler('admin.person.erase')
  @Header('Cache-Control', 'no-store')
  @HttpCode(200)
  async erase(@Req() req: IncomingMessage, @Body() body: unknown): Promise<object> {
    const { exchange, admin } = adminRequest(req);
    const known = ['subject', 'email', 'reason', 'account', 'dryRun'];
    const { subject, email, reason, account, dryRun } = readFields(body, PersonEraseDto, known);
    const ask = { subject, email: email ?? undefined, traceId: exchange.traceId };
    if (dryRun === true) return answering(async () => ({ before: await this.persons.inspect(ask) }));
    if (reason == null || reason.trim() === '')
      throw new GatewayError('VALIDATION_FAILED', { validationErrors: { reason: 'is required: why is this erased?' } });
    try {
      return await answering(() =>
        this.persons.erase({ ...ask, by: admin.subject, reason, withAccount: account === true }),
      );
    } finally {
      // Answers of others may show the person too: boards are shared.
      await this.cache.purge({ kind: 'all' });
    }
  }
}

async function answering<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DatabaseUnavailableError) && !(error instanceof StateUnavailableError)) throw error;
    throw new GatewayError('UPSTREAM_UNAVAILABLE', {
      error: 'The database or the shared state gives no answer: see npm run doctor, and do it again.',
      headers: { 'Retry-After': '2' },
    });
  }
}
