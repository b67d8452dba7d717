import { Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../contract/index.js';
import { ExperimentReports, StageBoard } from '../experiment/index.js';
import { NativeHandler, STAGES, whyNotStage } from '../routing/index.js';
import { adminRequest, pathTail } from './admin-request.js';
import { stageView } from './stage-view.js';

/** What was seen of a route's native handler beside PHP, what is made of it, and what was decided. For administrators. */
@Controller()
export class ExperimentController {
  constructor(
    @Inject(StageBoard) private readonly board: StageBoard,
    @Inject(ExperimentReports) private readonly reports: ExperimentReports,
  ) {}

  @NativeHandler('admin.experiment')
  @Header('Cache-Control', 'no-store')
  async show(@Req() req: IncomingMessage): Promise<object> {
    const staged = this.board.find(pathTail(adminRequest(req).exchange));
    if (staged === undefined)
      throw new GatewayError('NOT_FOUND', { error: 'The route table has no route of this name.' });
    const { effective, override } = staged;
    return {
      ...(await this.reports.of(staged)),
      effective: stageView(effective),
      possible: STAGES.filter((stage) => whyNotStage(stage, staged.route) === undefined),
      override: override === undefined ? null : { by: override.by, reason: override.reason, at: override.at },
      areOverridesKnown: this.board.isKnown,
    };
  }
}
