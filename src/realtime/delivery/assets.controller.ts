import { Controller, Inject, Req, Res } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CONFIG, type GatewayConfig } from '../../config/index.js';
import { GatewayError } from '../../contract/index.js';
import { sendFile } from '../../edge/index.js';
import { NativeHandler, resolvePath } from '../../routing/index.js';
import { type Exchange, exchangeOf } from '../../trace/index.js';
import { RealtimeProvider } from '../realtime-provider.js';
import { readClientFiles } from './client-files.js';
import { publicConfig } from './public-config.js';

const CONFIG_NAME = 'config.json';

/** `/realtime/…`: the browser's library, its worklet, and what they must know. Public, and without a secret. */
@Controller()
export class RealtimeAssetsController {
  /** Read, and compressed, when somebody first asks. */
  private files: ReturnType<typeof readClientFiles> | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: GatewayConfig,
    @Inject(RealtimeProvider) private readonly provider: RealtimeProvider,
  ) {}

  @NativeHandler('realtime.assets')
  answer(@Req() req: IncomingMessage, @Res() res: ServerResponse): void {
    const exchange = exchangeOf(req);
    if (exchange === undefined) throw new GatewayError('INTERNAL');
    const name = nameOf(exchange);
    if (name === CONFIG_NAME) {
      this.sendConfig(exchange, res);
      return;
    }
    this.files ??= readClientFiles();
    const file = this.files.get(name);
    if (file === undefined)
      throw new GatewayError(
        'NOT_FOUND',
        this.files.size === 0 ? { error: 'The voice client was not built: npm run build.' } : {},
      );
    // A browser asks each time whether its copy still holds (a new gateway, a new client), and mostly gets 304.
    sendFile(req, res, file, 'no-cache');
  }

  private sendConfig({ traceId, method }: Exchange, res: ServerResponse): void {
    const { endpoint } = this.provider;
    if (endpoint === undefined) throw new GatewayError('REALTIME_DISABLED');
    const data = publicConfig(this.config, endpoint.realtimeUrl);
    const body = Buffer.from(JSON.stringify({ success: true, traceId, data }));
    res.statusCode = 200;
    res.setHeader('Cache-Control', 'no-store');
    res.setHeader('Content-Type', 'application/json; charset=utf-8');
    res.setHeader('Content-Length', body.byteLength);
    res.end(method === 'HEAD' ? undefined : body);
  }
}

/** What follows the route's prefix; only exact names are answered. */
function nameOf({ path, route }: Exchange): string {
  const resolved = resolvePath(path);
  const prefix = (route?.match.path ?? '').replace(/\{\*[a-z]+\}$/, '');
  return resolved.kind === 'path' ? resolved.path.slice(prefix.length) : '';
}
