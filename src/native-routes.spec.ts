import { describe, expect, it, jest } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { GatewayAdapter } from './gateway.adapter.js';
import { NativeRoutes } from './native-routes.js';

type App = ConstructorParameters<typeof NativeRoutes>[0] extends () => infer Application ? Application : never;
type Register = (path: string, handler: (req: IncomingMessage, res: ServerResponse) => void) => void;

/** Express as Nest's adapter makes it, with one handler; `router` counts the requests that were led through Express's own way. */
function makeApp() {
  const app = new GatewayAdapter().getInstance<App & { all: Register; use: (layer: () => void) => void }>();
  const answered: string[] = [];
  app.all('/~native/one', ({ url }) => answered.push(url ?? ''));
  const router = jest.fn(app as (req: IncomingMessage, res: ServerResponse) => void);
  const routes = new NativeRoutes(() => Object.assign(router, { ...pick(app) }));
  return { app, routes, router, answered };
}

function pick({ request, response, router }: App) {
  return { request, response, router };
}

function call(routes: NativeRoutes, url: string) {
  const req = new IncomingMessage(new Socket());
  req.method = 'GET';
  req.url = url;
  const res = new ServerResponse(req);
  routes.handle(req, res);
  return { req, res };
}

describe('NativeRoutes', () => {
  it('hands a request to its handler past Express’s router, as Express would have made it', () => {
    const { app, routes, router, answered } = makeApp();
    const { req, res } = call(routes, '/~native/one?a=1');
    expect(answered).toEqual(['/~native/one?a=1']);
    expect(router).not.toHaveBeenCalled();
    expect(Object.prototype.isPrototypeOf.call(app.request, req)).toBe(true);
    expect(Object.prototype.isPrototypeOf.call(app.response, res)).toBe(true);
    expect(req).toMatchObject({ originalUrl: '/~native/one?a=1', baseUrl: '', params: {} });
  });

  it('goes Express’s own way where something stands before the handlers that may be meant for them', () => {
    const app = new GatewayAdapter().getInstance<App & { all: Register; use: (layer: unknown) => void }>();
    app.use((_req: unknown, _res: unknown, next: () => void) => next());
    app.all('/~native/one', () => undefined);
    const router = jest.fn(app as (req: IncomingMessage, res: ServerResponse) => void);
    call(new NativeRoutes(() => Object.assign(router, pick(app))), '/~native/one');
    expect(router).toHaveBeenCalledTimes(1);
  });
});
