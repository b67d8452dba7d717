import type { IncomingMessage } from 'node:http';
import { Transform, type TransformCallback } from 'node:stream';
import { BODY_IDLE_MS } from './request-body.js';

class BodyError extends Error {
  constructor(readonly code: 'BODY_TOO_LARGE' | 'BODY_STALLED' | 'BODY_CUT_SHORT') {
    super(code);
  }
}

/** Keeps a body that is streamed to the upstream within its bounds: its length, and no pause beyond 20 s. */
export class BodyGuard {
  /** Called whenever a part of the body has passed: the upstream cannot be late while it is still being told. */
  onProgress: () => void = () => undefined;
  private bytes = 0;

  constructor(private readonly maxBytes: number) {}

  /** A stream of the request's body that fails past the bound, or when the client leaves before its end. */
  streamOf(req: IncomingMessage): Transform {
    const stream = new Transform({
      transform: (chunk: Buffer, _encoding, done: TransformCallback) => {
        this.bytes += chunk.byteLength;
        if (this.bytes > this.maxBytes) done(new BodyError('BODY_TOO_LARGE'));
        else done(null, chunk);
      },
    });
    this.watchIdle(req, (error) => stream.destroy(error));
    req.pipe(stream);
    // Whoever reads the stream reports its errors; without a reader (the call failed first) they must not crash the process.
    stream.on('error', () => req.unpipe(stream));
    return stream;
  }

  /** Watches a body that another reader pipes; `fail` is called once. */
  watch(req: IncomingMessage, fail: (error: Error) => void): void {
    req.on('data', (chunk: Buffer) => {
      this.bytes += chunk.byteLength;
      if (this.bytes > this.maxBytes) fail(new BodyError('BODY_TOO_LARGE'));
    });
    this.watchIdle(req, fail);
  }

  private watchIdle(req: IncomingMessage, fail: (error: Error) => void): void {
    const idle = setTimeout(() => {
      // A body that PHP does not take is PHP's pause, not the client's.
      if (req.isPaused()) idle.refresh();
      else fail(new BodyError('BODY_STALLED'));
    }, BODY_IDLE_MS);
    req.on('data', () => {
      idle.refresh();
      this.onProgress();
    });
    req.once('close', () => {
      clearTimeout(idle);
      if (!req.complete) fail(new BodyError('BODY_CUT_SHORT'));
    });
    req.once('end', () => clearTimeout(idle));
    req.on('error', () => undefined);
  }
}
