import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { sendFile } from '../edge/index.js';
import { NativeHandler } from '../routing/index.js';
import { exchangeOf } from '../trace/index.js';
import { ApiDocuments } from './api-documents.js';

/** `/openapi.json`: the API as the route table in effect has it. Not in the envelope: it is a document of another standard. */
@Controller()
export class OpenApiController {
  constructor(@Inject(ApiDocuments) private readonly documents: ApiDocuments) {}

  @NativeHandler('docs.openapi')
  async answer(@Req() req: IncomingMessage, @Res() res: ServerResponse): Promise<void> {
    const isAdmin = exchangeOf(req)?.identity?.roles.includes('admin') === true;
    const document = await this.documents.get(isAdmin ? 'admin' : 'everyone');
    res.appendHeader('Vary', 'Authorization, Cookie');
    sendFile(req, res, { type: 'application/json; charset=utf-8', ...document }, 'private, no-cache');
  }
}
