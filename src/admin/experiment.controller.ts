import { Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../contract/index.js';
import { type ExperimentReport, ExperimentReports, IgnoreBoard, StageBoard } from '../experiment/index.js';
import { isStageable, NativeHandler, type Stage, STAGES, whyNotStage } from '../routing/index.js';
import type { ExperimentExtras, ExperimentRow } from './admin-api.js';
import { adminRequest, pathTail } from './admin-request.js';
import { ignoreRouteOf, IGNORES, ignoresView, type IgnoresView } from './ignore-view.js';
import { type StageView, stageView } from './stage-view.js';

/** All that is known of a route's candidate. */
type ShownExperiment = ExperimentReport &
  ExperimentExtras & {
    readonly effective: StageView;
    readonly possible: readonly Stage[];
    readonly override: { readonly by: string; readonly reason: string; readonly at: string } | null;
    readonly areOverridesKnown: boolean;
    /** Whether those set at run time were read; until then, what they accept counts. */
    readonly areIgnoresKnown: boolean;
  };

/** What was seen of a route's native handler beside PHP, what is made of it, and what was decided. For administrators. */
@Controller()
export class ExperimentController {
  constructor(
    @Inject(StageBoard) readonly board: StageBoard,
    @Inject(IgnoreBoard) readonly ignores: IgnoreBoard,
    @Inject(ExperimentReports) readonly reports: ExperimentReports,
  ) {}

  @NativeHandler('admin.experiments')
  @Header('Cache-Control', 'no-store')
  list(@Req() req: IncomingMessage): readonly ExperimentRow[] {
    adminRequest(req);
    return this.board
      .all()
      .filter(({ route }) => isStageable(route))
      .map(({ route, effective }) => ({
        route: route.name,
        effective: stageView(effective),
        ...this.reports.summaryOf(route.name),
      }));
  }

  @NativeHandler('admin.experiment')
  @Header('Cache-Control', 'no-store')
  async show(@Req() req: IncomingMessage): Promise<ShownExperiment | IgnoresView> {
    const tail = pathTail(adminRequest(req).exchange);
    if (tail.endsWith(IGNORES)) return ignoresView(this, ignoreRouteOf(this.board, tail).name);
    const staged = this.board.find(tail);
    if (staged === undefined)
      throw new GatewayError('NOT_FOUND', { error: 'The route table has no route of this name.' });
    const { effective, override } = staged;
    return {
      ...(await this.reports.of(staged)),
      effective: stageView(effective),
      possible: STAGES.filter((stage) => whyNotStage(stage, staged.route) === undefined),
      override: override === undefined ? null : { by: override.by, reason: override.reason, at: override.at },
      areOverridesKnown: this.board.isKnown,
      areIgnoresKnown: this.ignores.isKnown,
    };
  }
}
