import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EmbeddedPhp, type EmbeddedPhpOptions } from './embedded-php.js';
import { type SystemPhp } from './find-system-php.js';
import { acceptsConnections, findFreePort } from './free-port.js';
import { PhpLogLines } from './php-log-lines.js';
import { iniArguments } from './php-settings.js';
import { ProcessGroup } from './process-group.js';

const startWithinMs = 10_000;
const firstBackoffMs = 100;
const longestBackoffMs = 10_000;
/** PHP that has run this long is taken for healthy: its next death starts the backoff anew. */
const healthyAfterMs = 30_000;

/** Serves the application with `php -S` and its workers. @throws Error when PHP does not accept connections in time. */
export async function startSystemPhp(options: EmbeddedPhpOptions, php: SystemPhp): Promise<EmbeddedPhp> {
  let lastLine = '';
  const log = (line: string): void => {
    lastLine = line;
    options.log(line);
  };
  for (let attempt = 1; ; attempt += 1) {
    const server = new SystemPhpServer({ ...options, log }, php, await findFreePort());
    if (await server.start()) return server;
    await server.stop();
    if (attempt === 3) throw new Error(`Embedded PHP: ${php.path} did not start serving. ${lastLine}`.trim());
  }
}

class SystemPhpServer implements EmbeddedPhp {
  readonly kind = 'system';
  readonly version: string;
  readonly origin: string;
  readonly #stopping = new AbortController();
  #group: ProcessGroup | undefined;
  #startedAt = 0;
  #backoffMs = firstBackoffMs;
  #supervision: Promise<void> = Promise.resolve();

  constructor(
    private readonly options: EmbeddedPhpOptions,
    private readonly php: SystemPhp,
    private readonly port: number,
  ) {
    this.version = php.version;
    this.origin = `http://127.0.0.1:${port}`;
  }

  async start(): Promise<boolean> {
    const group = this.#spawn();
    if (!(await this.#isServing(group))) return false;
    this.#supervision = this.#supervise(group);
    return true;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#group?.end();
    await this.#supervision;
  }

  /** Starts PHP again, on the same port, each time it ends by itself. */
  async #supervise(first: ProcessGroup): Promise<void> {
    for (let group = first; ; group = this.#spawn()) {
      await group.ended;
      if (this.#stopping.signal.aborted) return;
      await group.end();
      if (performance.now() - this.#startedAt > healthyAfterMs) this.#backoffMs = firstBackoffMs;
      this.options.log(`embedded PHP ended by itself; starting it again in ${this.#backoffMs} ms`);
      await sleep(this.#backoffMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      if (this.#stopping.signal.aborted) return;
      this.#backoffMs = Math.min(this.#backoffMs * 2, longestBackoffMs);
    }
  }

  #spawn(): ProcessGroup {
    const { root, env, workers = 4, log } = this.options;
    const publicFolder = join(root, 'public');
    const args = [...iniArguments(), '-S', `127.0.0.1:${this.port}`, '-t', publicFolder, join(root, 'router.php')];
    const group = new ProcessGroup(
      this.php.path,
      args,
      { PATH: this.php.searchPath, ...env, PHP_CLI_SERVER_WORKERS: String(workers) },
      root,
    );
    const lines = new PhpLogLines(log);
    group.child.stderr?.setEncoding('utf8');
    group.child.stderr?.on('data', (text: string) => lines.write(text)).on('end', () => lines.end());
    this.#group = group;
    this.#startedAt = performance.now();
    return group;
  }

  #isServing(group: ProcessGroup): Promise<boolean> {
    const died = new AbortController();
    void group.ended.then(() => died.abort());
    return acceptsConnections(this.port, startWithinMs, died.signal);
  }
}
