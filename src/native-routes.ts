import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NativeRouter } from './pipeline-steps.js';

type Handler = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void;

/** As much of an Express application as is used here (Express 5: `lib/application.js`, and the package `router`). */
interface ExpressApplication {
  (req: IncomingMessage, res: ServerResponse): void;
  readonly request: object;
  readonly response: object;
  readonly router: { readonly stack: readonly ExpressLayer[] };
}

interface ExpressLayer {
  readonly route?: { readonly path: unknown; readonly stack: readonly { readonly handle: Handler }[] };
}

/** What Express adds to a request and its answer before it looks for a route. */
type ExpressRequest = IncomingMessage & Record<'res' | 'params' | 'baseUrl' | 'originalUrl', unknown>;
type ExpressResponse = ServerResponse & { locals?: object };

/**
 * Hands a request to the native handler of its internal address, by name. Express would try the addresses of all handlers one after
 * the other, each by an expression of its own; what it makes of a request before that is done here as there. An address that
 * is not found so goes Express's own way.
 */
export class NativeRoutes {
  private handlers: ReadonlyMap<string, Handler> | undefined;

  constructor(private readonly appOf: () => ExpressApplication) {}

  readonly handle: NativeRouter = (req, res) => {
    const app = this.appOf();
    this.handlers ??= readHandlers(app);
    const url = req.url ?? '';
    const query = url.indexOf('?');
    const handler = this.handlers.get(query === -1 ? url : url.slice(0, query));
    if (handler === undefined) {
      app(req, res);
      return;
    }
    Object.assign(req as ExpressRequest, { res, params: {}, baseUrl: '', originalUrl: url });
    (res as ExpressResponse).locals ??= {};
    Object.assign(res, { req });
    // Those of the server are made so (gateway.adapter.ts); those that the gateway asks itself are not.
    if (!Object.prototype.isPrototypeOf.call(app.request, req)) Object.setPrototypeOf(req, app.request);
    if (!Object.prototype.isPrototypeOf.call(app.response, res)) Object.setPrototypeOf(res, app.response);
    // Nest's handlers answer failures themselves; what is passed on was answered by nobody.
    handler(req, res, () => app(req, res));
  };
}

/**
 * The one handler of each address. The first layer of all is Nest's adapter's own, for hooks that nobody sets here; any other that is
 * no route ends the list: what stands behind it may be meant to pass it.
 */
function readHandlers({ router: { stack } }: ExpressApplication): ReadonlyMap<string, Handler> {
  const handlers = new Map<string, Handler>();
  const [first, ...others] = stack;
  for (const { route } of first?.route === undefined ? others : stack) {
    if (route === undefined) break;
    const [one, ...rest] = route.stack;
    if (typeof route.path === 'string' && one !== undefined && rest.every(({ handle }) => handle === one.handle))
      handlers.set(route.path, one.handle);
  }
  return handlers;
}
