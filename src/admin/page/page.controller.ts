import { Controller, Req, Res } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError } from '../../contract/index.js';
import { OwnPage, redirectIntoFolder, sendFile, type StaticFile } from '../../edge/index.js';
import { NativeHandler, resolvePath } from '../../routing/index.js';
import { exchangeOf } from '../../trace/index.js';
import { type PageFiles, readPageFiles } from './page-files.js';

/** Named by their content: what has the name never changes. */
const FOR_EVER = 'public, max-age=31536000, immutable';

/** The dashboard: a page without data, and its assets. Whoever looks at it signs in to the admin API from there. */
@Controller()
export class PageController {
  /** Read when somebody first asks. */
  private files: PageFiles | undefined;
  private readonly pages = new Map<string, StaticFile>();

  @NativeHandler('admin.page')
  @OwnPage()
  answer(@Req() req: IncomingMessage, @Res() res: ServerResponse): void {
    const exchange = exchangeOf(req);
    const resolved = exchange === undefined ? undefined : resolvePath(exchange.path);
    if (exchange === undefined || resolved?.kind !== 'path') throw new GatewayError('INTERNAL');
    const home = (exchange.route?.match.path ?? '').replace(/\/\{\*[a-z]+\}$/, '');
    const name = resolved.path.slice(home.length);
    if (name === '') {
      redirectIntoFolder(res, home);
      return;
    }
    this.files ??= readPageFiles();
    if (this.files === undefined)
      throw new GatewayError('NOT_FOUND', { error: 'The dashboard was not built: npm run build.' });
    if (name === '/') {
      sendFile(req, res, this.pageAt(home, this.files), 'no-cache');
      return;
    }
    const asset = this.files.assets.get(name.slice(1));
    if (asset === undefined) throw new GatewayError('NOT_FOUND');
    sendFile(req, res, asset, FOR_EVER);
  }

  private pageAt(home: string, files: PageFiles): StaticFile {
    const known = this.pages.get(home) ?? files.page('../'.repeat(home.split('/').length - 1));
    this.pages.set(home, known);
    return known;
  }
}
