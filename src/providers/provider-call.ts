import { type IncomingMessage, type ServerResponse } from 'node:http';

const maxBodyBytes = 25 * 1024 * 1024;

/** A body longer than providers take (25 MB). */
export class BodyTooLarge extends Error {}

/** One request to the stub with its answer. */
export class ProviderCall {
  readonly url: URL;
  readonly method: string;

  constructor(
    readonly request: IncomingMessage,
    readonly response: ServerResponse,
  ) {
    this.url = new URL(`http://stub${request.url?.startsWith('/') === true ? request.url : '/'}`);
    this.method = request.method ?? 'GET';
  }

  /** Runs the answer, and turns what goes wrong in it into a status instead of an exception. */
  async answer(run: () => Promise<void> | void): Promise<void> {
    try {
      await run();
    } catch (error) {
      if (this.response.headersSent) return void this.response.destroy();
      if (!(error instanceof BodyTooLarge)) return this.json(500, { error: 'the stub failed' });
      this.response.setHeader('connection', 'close');
      this.json(413, { error: 'body too large' });
    }
  }

  header(name: string): string {
    const value = this.request.headers[name];
    return typeof value === 'string' ? value : '';
  }

  /** @throws BodyTooLarge past 25 MB. */
  async body(): Promise<Buffer> {
    const pieces: Buffer[] = [];
    let size = 0;
    for await (const piece of this.request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      size += piece.byteLength;
      if (size > maxBodyBytes) throw new BodyTooLarge();
      pieces.push(piece);
    }
    return Buffer.concat(pieces);
  }

  /** The body as a JSON object; undefined when it is none. */
  async jsonBody(): Promise<Readonly<Record<string, unknown>> | undefined> {
    const body = await this.body();
    try {
      const value: unknown = JSON.parse(body.toString('utf8'));
      return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
    } catch {
      return undefined;
    }
  }

  /** The body as a form, multipart or urlencoded; undefined when it is none. */
  async formBody(): Promise<FormData | undefined> {
    const body = new Uint8Array(await this.body());
    return new Response(body, { headers: { 'content-type': this.header('content-type') } })
      .formData()
      .catch(() => undefined);
  }

  json(status: number, value: unknown): void {
    this.bytes(status, 'application/json', Buffer.from(JSON.stringify(value)));
  }

  bytes(status: number, contentType: string, body: Uint8Array): void {
    this.response.writeHead(status, { 'content-type': contentType, 'content-length': body.byteLength });
    this.response.end(body);
  }
}
