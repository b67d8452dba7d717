import { Body, Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { EnvelopeFields, GatewayError } from '../contract/index.js';
import {
  ArmCounters,
  StageBoard,
  type StageChange,
  type StagedRoute,
  type StageOutcome,
  StagesUnavailableError,
} from '../experiment/index.js';
import { NativeHandler, type Staging } from '../routing/index.js';
import { adminRequest, pathTail, readFields } from './admin-request.js';
import { ReasonDto, StageDto } from './stage.dto.js';
import { type StagedRouteView, stagedRouteView, stageView } from './stage-view.js';

const HISTORY = '/history';

/** Stages of routes: looked at, set and taken back while the gateway runs. For administrators. */
@Controller()
export class StageController {
  constructor(
    @Inject(StageBoard) private readonly board: StageBoard,
    @Inject(ArmCounters) private readonly counters: ArmCounters,
  ) {}

  @NativeHandler('admin.stages')
  @Header('Cache-Control', 'no-store')
  list(@Req() req: IncomingMessage): EnvelopeFields {
    adminRequest(req);
    return new EnvelopeFields({
      data: this.board.all().map((staged) => this.view(staged)),
      areOverridesKnown: this.board.isKnown,
      idleOverrides: this.board.idle().map(({ route, stage, weight }) => ({ route, ...stageView({ stage, weight }) })),
    });
  }

  @NativeHandler('admin.stage')
  @Header('Cache-Control', 'no-store')
  async show(@Req() req: IncomingMessage): Promise<StagedRouteView | readonly object[]> {
    const tail = pathTail(adminRequest(req).exchange);
    const isHistory = tail.endsWith(HISTORY);
    const staged = this.board.find(isHistory ? tail.slice(0, -HISTORY.length) : tail);
    if (staged === undefined) throw noSuchRoute();
    if (!isHistory) return this.view(staged);
    return (await reading(this.board.history(staged.route.name))).map(changeView);
  }

  @NativeHandler('admin.stage.set')
  @Header('Cache-Control', 'no-store')
  async set(@Req() req: IncomingMessage, @Body() body: unknown): Promise<StagedRouteView> {
    const { exchange, admin } = adminRequest(req);
    const { stage, weight, reason } = readFields(body, StageDto, ['stage', 'weight', 'reason']);
    const to = stagingOf(stage, weight ?? undefined);
    return this.told(
      await saving(this.board.set(pathTail(exchange), to, { by: admin.subject, reason: reason.trim() })),
    );
  }

  @NativeHandler('admin.stage.clear')
  @Header('Cache-Control', 'no-store')
  async clear(@Req() req: IncomingMessage, @Body() body: unknown): Promise<StagedRouteView> {
    const { exchange, admin } = adminRequest(req);
    const { reason } = readFields(body, ReasonDto, ['reason']);
    return this.told(await saving(this.board.clear(pathTail(exchange), { by: admin.subject, reason: reason.trim() })));
  }

  private told(outcome: StageOutcome): StagedRouteView {
    switch (outcome.kind) {
      case 'done':
        return this.view(outcome.staged);
      case 'unknown-route':
        throw noSuchRoute();
      case 'no-override':
        throw new GatewayError('NOT_FOUND', {
          error: 'This route has no override: the stage of the route table holds.',
        });
      case 'impossible':
        throw invalid('stage', `${outcome.why}, which this route has not in the route table`);
    }
  }

  private view(staged: StagedRoute): StagedRouteView {
    return stagedRouteView(staged, this.counters.of(staged.route.name));
  }
}

function stagingOf(stage: StageDto['stage'], weight: number | undefined): Staging {
  if (stage === 'canary' && weight === undefined)
    throw invalid('weight', 'is required with canary: how many callers of 100 the handler answers');
  if (stage !== 'canary' && weight !== undefined) throw invalid('weight', `goes with canary, not with ${stage}`);
  return { stage, weight: weight ?? 0 };
}

function changeView({ route, from, to, isCleared, by, reason, at, evidence }: StageChange): object {
  const told = { route, at, by, reason, from: stageView(from), to: stageView(to), isCleared };
  return evidence === undefined ? told : { ...told, evidence };
}

function noSuchRoute(): GatewayError {
  return new GatewayError('NOT_FOUND', { error: 'The route table has no route of this name.' });
}

function invalid(field: string, problem: string): GatewayError {
  return new GatewayError('VALIDATION_FAILED', { validationErrors: { [field]: problem } });
}

function saving<T>(work: Promise<T>): Promise<T> {
  return asking(
    work,
    'The database gave no answer: a change may or may not have been saved. See the history, or the log. A stage that was never overridden can be changed in the route table, which needs no database.',
  );
}

function reading<T>(work: Promise<T>): Promise<T> {
  return asking(work, 'The database gave no answer: what was changed before is not known now.');
}

async function asking<T>(work: Promise<T>, error: string): Promise<T> {
  try {
    return await work;
  } catch (fault) {
    if (!(fault instanceof StagesUnavailableError)) throw fault;
    throw new GatewayError('UPSTREAM_UNAVAILABLE', { error, headers: { 'Retry-After': '2' } });
  }
}
