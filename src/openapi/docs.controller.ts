import { Controller, Req, Res } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError } from '../contract/index.js';
import { OwnPage, redirectIntoFolder, sendFile } from '../edge/index.js';
import { NativeHandler, resolvePath } from '../routing/index.js';
import { exchangeOf } from '../trace/index.js';
import { PageFiles } from './page/page-files.js';

/** `/docs/…` (DOCS_PATH): a page without facts of its own; it reads `/openapi.json`. */
@Controller()
export class DocsController {
  private readonly files = new PageFiles();

  @NativeHandler('docs')
  @OwnPage()
  async answer(@Req() req: IncomingMessage, @Res() res: ServerResponse): Promise<void> {
    const exchange = exchangeOf(req);
    const resolved = exchange === undefined ? undefined : resolvePath(exchange.path);
    if (exchange === undefined || resolved?.kind !== 'path') throw new GatewayError('INTERNAL');
    const home = (exchange.route?.match.path ?? '').replace(/\/\{\*[a-z]+\}$/, '');
    const name = resolved.path.slice(home.length);
    if (name === '') {
      redirectIntoFolder(res, home);
      return;
    }
    const file =
      name === '/' ? this.files.page('../'.repeat(home.split('/').length - 1)) : this.files.find(name.slice(1));
    if (file === undefined) throw new GatewayError('NOT_FOUND');
    sendFile(req, res, await file, 'no-cache');
  }
}
