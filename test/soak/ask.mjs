import { request } from 'node:http';

/** A request without an answer after so long is lost. */
export const LOST_AFTER_MS = 20_000;

/**
 * Sends a request and reads its answer. `send(req)` writes the body in its own way and ends it; `leave` after so many bytes of the
 * answer. Resolves with status 0 when the connection ended before a head came; never rejects.
 */
export function ask(site, { method = 'GET', path, headers = {}, body, send, agent = site.agent, leaveAfter }) {
  return new Promise((resolve) => {
    const chunks = [];
    let bytes = 0;
    const length = body === undefined ? {} : { 'Content-Length': body.length };
    const req = request(
      { host: '127.0.0.1', port: site.port, method, path, headers: { ...length, ...headers }, agent },
      (res) => {
        const done = () => tell(res.statusCode, res.headers, res.complete);
        res.on('data', (chunk) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (leaveAfter !== undefined && bytes >= leaveAfter) req.destroy();
        });
        res.on('error', () => undefined).on('close', done);
      },
    );
    let isLost = false;
    const timer = setTimeout(() => {
      isLost = true;
      req.destroy();
    }, LOST_AFTER_MS);
    const tell = (status, answerHeaders, isComplete) => {
      clearTimeout(timer);
      resolve({ status, headers: answerHeaders, body: Buffer.concat(chunks), isComplete, isLost });
    };
    req.on('error', () => tell(0, {}, false));
    if (send === undefined) req.end(body);
    else send(req);
  });
}
