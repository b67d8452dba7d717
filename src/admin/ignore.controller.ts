import { Body, Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../contract/index.js';
import { compileRules, ExperimentReports, IgnoreBoard, MAX_IGNORES, StageBoard } from '../experiment/index.js';
import { NativeHandler } from '../routing/index.js';
import { adminRequest, pathTail, readFields } from './admin-request.js';
import { ignoreRouteOf, ignoresView, type IgnoresView, savingIgnores } from './ignore-view.js';
import { IgnoreDto, UnignoreDto } from './ignore.dto.js';

const DAY_MS = 86_400_000;
const MAX_DAYS = 180;

/** Differences that are accepted while the gateway runs: added and taken back. For administrators. */
@Controller()
export class IgnoreController {
  constructor(
    @Inject(StageBoard) readonly board: StageBoard,
    @Inject(IgnoreBoard) readonly ignores: IgnoreBoard,
    @Inject(ExperimentReports) readonly reports: ExperimentReports,
  ) {}

  @NativeHandler('admin.experiment.ignore')
  @Header('Cache-Control', 'no-store')
  async add(@Req() req: IncomingMessage, @Body() body: unknown): Promise<IgnoresView> {
    const { exchange, admin } = adminRequest(req);
    const { name: route } = ignoreRouteOf(this.board, pathTail(exchange));
    const { pointer, reason, until } = readFields(body, IgnoreDto, ['pointer', 'reason', 'until']);
    checkDay(until);
    checkPointer(pointer);
    const request = { route, pointer, reason: reason.trim(), until, by: admin.subject };
    if ((await savingIgnores(this.ignores.save(request))) === 'full')
      throw invalid('pointer', `the route has ${MAX_IGNORES} rules already, as many as may be: take some back`);
    return ignoresView(this, route);
  }

  @NativeHandler('admin.experiment.unignore')
  @Header('Cache-Control', 'no-store')
  async remove(@Req() req: IncomingMessage, @Body() body: unknown): Promise<IgnoresView> {
    const { exchange, admin } = adminRequest(req);
    const { name: route } = ignoreRouteOf(this.board, pathTail(exchange));
    const { pointer, reason } = readFields(body, UnignoreDto, ['pointer', 'reason']);
    const request = { route, pointer, reason: reason.trim(), until: undefined, by: admin.subject };
    if ((await savingIgnores(this.ignores.save(request))) === 'no-such-rule')
      throw new GatewayError('NOT_FOUND', {
        error: 'No such rule was added while the gateway runs. Those of the route table are taken out of it.',
      });
    return ignoresView(this, route);
  }
}

function checkDay(until: string): void {
  const at = Date.parse(until);
  const now = Date.now();
  if (Number.isNaN(at) || new Date(at).toISOString().slice(0, 10) !== until) throw invalid('until', 'is no day');
  if (at <= now) throw invalid('until', 'must be a day after today (UTC)');
  if (at > now + MAX_DAYS * DAY_MS) throw invalid('until', `must be within ${MAX_DAYS} days: renew it then`);
}

/** As the route table's are checked, and once more as they are read: a rule that cannot be would stop the comparison. */
function checkPointer(pointer: string): void {
  if (!/^(?:\/.|header:[\w!#$%&'*+.^`|~-]+$)/.test(pointer))
    throw invalid('pointer', 'must be a JSON pointer such as /data/*/updated_at, or header:<name>');
  try {
    compileRules({ ignore: [{ pointer, reason: '-', expiresAt: 0 }] });
  } catch (error) {
    if (error instanceof RangeError) throw invalid('pointer', error.message);
    throw error;
  }
}

function invalid(field: string, problem: string): GatewayError {
  return new GatewayError('VALIDATION_FAILED', { validationErrors: { [field]: problem } });
}
