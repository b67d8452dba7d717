import { describe, expect, it, jest } from '@jest/globals';
import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { GatewayAdapter } from './gateway.adapter.js';
import { NativeRoutes } from './native-routes.js';

type ExpressApplication = ReturnType<ConstructorParameters<typeof NativeRoutes>[0]>;
type App = ExpressApplication & {
  all(path: string, handler: (req: IncomingMessage, res: ServerResponse) => void): void;
  use(layer: (req: unknown, res: unknown, next: () => void) => void): void;
};

/** Express as Nest's adapter makes it, with one handler behind `layers`, and one request for it. */
function ask(layers: readonly Parameters<App['use']>[0][] = []) {
  const app = new GatewayAdapter().getInstance<App>();
  for (const layer of layers) app.use(layer);
  const handler = jest.fn();
  app.all('/~native/one', handler);
  const { request, response, router } = app;
  const expressWay = jest.fn(app as (req: IncomingMessage, res: ServerResponse) => void);
  const req = new IncomingMessage(new Socket());
  req.method = 'GET';
  req.url = '/~native/one?a=1';
  const res = new ServerResponse(req);
  new NativeRoutes(() => Object.assign(expressWay, { request, response, router })).handle(req, res);
  return { app, handler, expressWay, req, res };
}

describe('NativeRoutes', () => {
  it('hands a request to its handler past Express’s router, as Express would have made it', () => {
    const { app, handler, expressWay, req, res } = ask();
    expect(handler).toHaveBeenCalledTimes(1);
    expect(expressWay).not.toHaveBeenCalled();
    expect(Object.prototype.isPrototypeOf.call(app.request, req)).toBe(true);
    expect(Object.prototype.isPrototypeOf.call(app.response, res)).toBe(true);
    expect(req).toMatchObject({ url: '/~native/one?a=1', originalUrl: '/~native/one?a=1', baseUrl: '', params: {} });
  });

  it('goes Express’s own way where something stands before the handlers that may be meant for them', () => {
    const { handler, expressWay } = ask([(_req, _res, next) => next()]);
    expect(expressWay).toHaveBeenCalledTimes(1);
    expect(handler).toHaveBeenCalledTimes(1);
  });
});
