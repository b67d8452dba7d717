import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * What becomes of a request on the line. `open`: it passes. `cut`: nobody is there. `deaf`: PHP does what it is asked, and its
 * answer is lost. `mute`: the same, and nobody hangs up. `held`: it is kept, and neither done nor
 * answered. A number: a web server answers it with that status and a page.
 */
export type LineState = 'open' | 'cut' | 'deaf' | 'mute' | 'held' | number;

/** The line between a gateway and PHP, which a test cuts; it hears which documents are asked for. */
export class PhpLine {
  /** Of requests to the bridge that came: their bodies, in order. */
  readonly asked: Record<string, unknown>[] = [];
  /** Decides for each request; set it to change the line. */
  decide: (question: Record<string, unknown>) => LineState | Promise<LineState> = () => 'open';

  private constructor(private readonly server: Server) {}

  static async start(target: string): Promise<PhpLine> {
    const server = createServer();
    const line = new PhpLine(server);
    const { hostname, port } = new URL(target);
    server.on('request', (req, res) => {
      void readAll(req).then(async (body) => {
        const isBridge = req.url === '/api/internal/documents.php';
        const question = isBridge ? (JSON.parse(body.toString()) as Record<string, unknown>) : {};
        if (isBridge) line.asked.push(question);
        const state = await line.decide(question);
        if (state === 'held') return;
        if (typeof state === 'number') return res.writeHead(state, { 'Content-Type': 'text/html' }).end('<h1>no</h1>');
        if (state === 'cut') return res.destroy();
        const { url: path, method, headers } = req;
        const onward = request({ hostname, port, path, method, headers, agent: false }, (answer) => {
          if (state === 'deaf') answer.resume().once('end', () => res.destroy());
          else if (state === 'mute') answer.resume();
          else {
            res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
            answer.pipe(res);
          }
        });
        onward.on('error', () => res.destroy());
        onward.end(body);
        return undefined;
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return line;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  set state(state: LineState) {
    this.decide = () => state;
  }

  count(action: string): number {
    return this.asked.filter((question) => question['action'] === action).length;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

async function readAll(req: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
