import { Body, Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { CONFIG, type GatewayConfig } from '../config/index.js';
import { GatewayError } from '../contract/index.js';
import { EvidenceBook, expectedStatuses, Recorder, type RecordingStatus, StageBoard } from '../experiment/index.js';
import { NativeHandler, type Route } from '../routing/index.js';
import { adminRequest, pathTail, readFields } from './admin-request.js';
import { RecordingDto } from './record.dto.js';

const FIXTURES = /^fixtures\/(\d{1,6})$/;
const ROUTE = /^routes\/(.+)$/;
const KNOWN = ['name', 'routes', 'maxFixtures', 'maxBytes', 'seconds', 'sample', 'keep', 'fields'];

/** Recordings of traffic, by this instance: started, looked at, stopped and fetched; and how a replay compares. For administrators. */
@Controller()
export class RecordController {
  constructor(
    @Inject(Recorder) private readonly recorder: Recorder,
    @Inject(StageBoard) private readonly board: StageBoard,
    @Inject(EvidenceBook) private readonly evidence: EvidenceBook,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  @NativeHandler('admin.recording')
  @Header('Cache-Control', 'no-store')
  show(@Req() req: IncomingMessage): object {
    adminRequest(req);
    return this.view(this.recorder.status());
  }

  @NativeHandler('admin.recording.start')
  @Header('Cache-Control', 'no-store')
  start(@Req() req: IncomingMessage, @Body() body: unknown): object {
    const { admin } = adminRequest(req);
    // Each worker would keep its share, and tell of its own alone.
    if (this.config.workers > 1)
      throw new GatewayError('BAD_REQUEST', {
        status: 409,
        error: 'Recordings are made by one process: start the gateway with GATEWAY_WORKERS=1.',
      });
    const asked = readFields(body, RecordingDto, KNOWN);
    for (const name of asked.routes) this.checkRecordable(name);
    const status = this.recorder.start({
      name: asked.name ?? new Date().toISOString().replaceAll(':', '-'),
      routes: [...new Set(asked.routes)],
      maxFixtures: asked.maxFixtures ?? 200,
      maxBytes: asked.maxBytes ?? 4_194_304,
      seconds: asked.seconds ?? 300,
      sample: asked.sample ?? 1,
      keep: asked.keep ?? [],
      fields: asked.fields ?? [],
      by: admin.subject,
    });
    if (status === undefined)
      throw new GatewayError('BAD_REQUEST', { error: 'A recording is under way: stop it, or wait until it ends.' });
    return this.view(status);
  }

  @NativeHandler('admin.recording.stop')
  @Header('Cache-Control', 'no-store')
  stop(@Req() req: IncomingMessage): object {
    adminRequest(req);
    const status = this.recorder.stop();
    if (status === undefined) throw new GatewayError('NOT_FOUND', { error: 'There is no recording.' });
    return this.view(status);
  }

  /** `fixtures/<from>`: a page of the recording; `routes/<name>`: how answers of a route are compared. */
  @NativeHandler('admin.recording.part')
  @Header('Cache-Control', 'no-store')
  part(@Req() req: IncomingMessage): object {
    const tail = pathTail(adminRequest(req).exchange);
    const from = FIXTURES.exec(tail)?.[1];
    if (from !== undefined) return this.recorder.page(Number(from));
    const name = ROUTE.exec(tail)?.[1];
    if (name === undefined) throw new GatewayError('NOT_FOUND');
    return this.rulesOf(this.find(name));
  }

  private rulesOf(route: Route): object {
    const { ignore, keyed } = route.experiment;
    const noise = this.evidence.noiseOf(route.name);
    return {
      route: route.name,
      arms: [...(route.upstream === undefined ? [] : ['php']), ...(route.handler === undefined ? [] : ['native'])],
      ignore,
      keyed,
      ...(typeof noise === 'object' ? { noise: noise.model } : {}),
      expectedStatuses: expectedStatuses(route),
      environment: this.config.environment,
    };
  }

  private view(status: RecordingStatus | undefined): object {
    return { environment: this.config.environment, recording: status ?? null };
  }

  private checkRecordable(name: string): void {
    const { upstream } = this.find(name);
    if (upstream !== undefined) return;
    throw new GatewayError('VALIDATION_FAILED', {
      validationErrors: { routes: `${name} is not answered by PHP: there is nothing to record` },
    });
  }

  private find(name: string): Route {
    const route = this.board.find(name)?.route;
    if (route === undefined)
      throw new GatewayError('NOT_FOUND', { error: 'The route table has no route of this name.' });
    return route;
  }
}
