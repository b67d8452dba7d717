import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { Socket } from 'node:net';
import { getGlobalDispatcher, setGlobalDispatcher } from 'undici';

/** Why the caller may not connect; undefined where it may. */
export type Refusal = () => Error | undefined;

let isInstalled = false;

/**
 * Refuses what goes round `Outbound` within a dry run: every new connection (TCP, TLS, local sockets), and what global `fetch`,
 * undici's functions and `node:http` would send on one that is open. Not seen: pools and agents of undici made by hand, as far as they have an
 * open connection; UDP; other processes and threads. Takes effect with the first dry run of the process.
 */
export function installConnectionGuard(findRefusal: Refusal): void {
  if (isInstalled) return;
  isInstalled = true;
  Socket.prototype.connect = new Proxy(Socket.prototype.connect, {
    apply(connect, socket: Socket, args: Parameters<Socket['connect']>): Socket {
      const refusal = findRefusal();
      if (refusal === undefined) return Reflect.apply(connect, socket, args);
      // Told as a failed connection is: later, and as an event.
      process.nextTick(() => socket.destroy(refusal));
      return socket;
    },
  });
  // Node has an undici of its own in it.
  globalThis.fetch = new Proxy(globalThis.fetch, {
    apply(real, self, args: Parameters<typeof fetch>): Promise<Response> {
      const refusal = findRefusal();
      return refusal === undefined ? Reflect.apply(real, self, args) : Promise.reject(refusal);
    },
  });
  setGlobalDispatcher(
    getGlobalDispatcher().compose((dispatch) => (options, handler) => {
      const refusal = findRefusal();
      if (refusal !== undefined) throw refusal;
      return dispatch(options, handler);
    }),
  );
  // Before it is given a connection.
  subscribe('http.client.request.created', (message) => {
    const refusal = findRefusal();
    if (refusal !== undefined) (message as { readonly request: ClientRequest }).request.destroy(refusal);
  });
}
