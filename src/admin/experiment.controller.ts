import { Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../contract/index.js';
import { Mirror, StageBoard } from '../experiment/index.js';
import { NativeHandler } from '../routing/index.js';
import { adminRequest, pathTail } from './admin-request.js';
import { stageView } from './stage-view.js';

/** What was seen of a route's native handler beside PHP, by this instance since it started. For administrators. */
@Controller()
export class ExperimentController {
  constructor(
    @Inject(StageBoard) private readonly board: StageBoard,
    @Inject(Mirror) private readonly mirror: Mirror,
  ) {}

  @NativeHandler('admin.experiment')
  @Header('Cache-Control', 'no-store')
  show(@Req() req: IncomingMessage): object {
    const staged = this.board.find(pathTail(adminRequest(req).exchange));
    if (staged === undefined)
      throw new GatewayError('NOT_FOUND', { error: 'The route table has no route of this name.' });
    const { route, effective } = staged;
    return {
      route: route.name,
      effective: stageView(effective),
      sample: route.experiment.sample,
      mirror: this.mirror.logOf(route.name),
    };
  }
}
