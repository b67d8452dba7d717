import type { IncomingMessage, ServerResponse } from 'node:http';
import { Transform, type TransformCallback } from 'node:stream';
import { discardBody } from '../contract/index.js';
import { BodyPace } from './body-pace.js';
import type { BodyBounds } from './request-body.js';

class BodyError extends Error {
  constructor(readonly code: 'BODY_TOO_LARGE' | 'BODY_STALLED' | 'BODY_CUT_SHORT') {
    super(code);
  }
}

/** The request whose body passes, and the answer that ends the interest in it. */
interface Call {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

/** Keeps a body that is streamed to the upstream within its bounds: its length and its pace. */
export class BodyGuard {
  /** Called whenever a part of the body has passed: the upstream cannot be late while it is still being told. */
  onProgress: () => void = () => undefined;
  private bytes = 0;

  constructor(private readonly bounds: BodyBounds) {}

  /** A stream of the request's body that fails past the bound, or when the client leaves before its end. */
  streamOf(call: Call): Transform {
    const { req } = call;
    const stream = new Transform({
      transform: (chunk: Buffer, _encoding, done: TransformCallback) => {
        this.bytes += chunk.byteLength;
        if (this.bytes > this.bounds.maxBodyBytes) done(new BodyError('BODY_TOO_LARGE'));
        else done(null, chunk);
      },
    });
    this.watchPace(call, (error) => stream.destroy(error));
    req.pipe(stream);
    // Whoever reads the stream reports its errors; without a reader (the call failed first) they must not crash the process.
    stream.on('error', () => req.unpipe(stream));
    return stream;
  }

  /** Watches a body that another reader pipes; `fail` is called once. */
  watch(call: Call, fail: (error: Error) => void): void {
    call.req.on('data', (chunk: Buffer) => {
      this.bytes += chunk.byteLength;
      if (this.bytes > this.bounds.maxBodyBytes) fail(new BodyError('BODY_TOO_LARGE'));
    });
    this.watchPace(call, fail);
  }

  private watchPace({ req, res }: Call, fail: (error: Error) => void): void {
    const pace = new BodyPace(req, this.bounds.bodyIdleTimeoutMs, () => fail(new BodyError('BODY_STALLED')));
    const stop = (): void => pace.stop();
    req.on('data', (chunk: Buffer) => {
      if (pace.note(chunk.byteLength)) this.onProgress();
    });
    req.once('close', () => {
      stop();
      if (!req.complete) fail(new BodyError('BODY_CUT_SHORT'));
    });
    req.once('end', stop);
    res.once('close', () => {
      stop();
      // PHP answered before it had the whole body, and nobody reads the rest: Node would keep the connection waiting for good.
      if (req.readableEnded || req.destroyed) return;
      req.unpipe();
      discardBody(req);
    });
    req.on('error', () => undefined);
  }
}
