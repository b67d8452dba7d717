import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export const QUESTION = '/api/auth/session.php';

/** Stands between the gateway and PHP: counts the questions about sessions, and can keep their answers back. */
export class SessionWatcher {
  questions = 0;
  private held: (() => void)[] | undefined;

  private constructor(private readonly server: Server) {}

  static async start(target: string): Promise<SessionWatcher> {
    const { hostname, port } = new URL(target);
    const server = createServer();
    const watcher = new SessionWatcher(server);
    server.on('request', (req, res) => {
      const isQuestion = req.url === QUESTION;
      if (isQuestion) watcher.questions++;
      const { url: path, method, headers } = req;
      const onward = request({ hostname, port, path, method, headers, agent: false }, (answer) => {
        const pass = (): void => {
          res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
          answer.pipe(res);
        };
        if (isQuestion && watcher.held !== undefined) watcher.held.push(pass);
        else pass();
      });
      onward.on('error', () => res.destroy());
      req.pipe(onward);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return watcher;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** From now on PHP's word about sessions is kept back. */
  hold(): void {
    this.held = [];
  }

  get heldCount(): number {
    return this.held?.length ?? 0;
  }

  letGo(): void {
    const held = this.held ?? [];
    this.held = undefined;
    for (const pass of held) pass();
  }

  stop(): Promise<void> {
    this.letGo();
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}
