import { Worker } from 'node:worker_threads';
import { type PhpCall, type WorkerMessage, type WorkerPlan } from './wasm-messages.js';

/** Receives PHP's answer piece by piece. */
export interface PhpAnswerSink {
  head(status: number, headers: ReadonlyArray<readonly [string, string]>): void;
  body(bytes: Uint8Array): void;
}

/** How a run ended: PHP finished, or its runtime is lost (crashed, silent, or ended on purpose). */
export type RunEnd = 'done' | 'lost';

interface Run {
  readonly sink: PhpAnswerSink;
  readonly finish: (end: RunEnd) => void;
  hasHead: boolean;
}

/** One WebAssembly PHP in a worker thread, as seen from outside. It runs one request at a time. */
export class PhpThread {
  /** Requests run so far. */
  served = 0;
  isLost = false;
  #run: Run | undefined;
  readonly #exited: Promise<void>;

  private constructor(
    private readonly worker: Worker,
    readonly version: string,
    readonly compiled: WebAssembly.Module,
    private readonly log: (text: string) => void,
  ) {
    worker.unref();
    worker.on('message', (message: WorkerMessage) => this.#receive(message));
    worker.on('error', (error) => this.#lose(`embedded PHP thread failed: ${error.message}\n`));
    this.#exited = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#lose();
        resolve();
      });
    });
  }

  /** Starts a thread and resolves once its PHP has run a first script. @throws Error when it cannot start. */
  static start(plan: WorkerPlan, log: (text: string) => void): Promise<PhpThread> {
    // The file has this one's own extension: `.js` when built, `.ts` when Jest runs the sources.
    const file = new URL(`./php.worker${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`, import.meta.url);
    const worker = new Worker(file, { workerData: plan, env: {}, execArgv: ['--disable-warning=ExperimentalWarning'] });
    return new Promise((resolve, reject) => {
      const failed = (error: unknown): void => reject(error instanceof Error ? error : new Error('the thread ended'));
      worker.once('error', failed).once('exit', failed);
      worker.on('message', (message: WorkerMessage) => {
        if (message.kind !== 'ready') return;
        worker.off('error', failed).off('exit', failed);
        resolve(new PhpThread(worker, message.version, message.compiled, log));
      });
    });
  }

  /** Whether a request is running. */
  get isBusy(): boolean {
    return this.#run !== undefined;
  }

  /** Runs one request. `lost` means that the thread must be replaced. */
  run(call: PhpCall, sink: PhpAnswerSink): Promise<RunEnd> {
    this.served += 1;
    return new Promise((resolve) => {
      this.#run = { sink, finish: resolve, hasHead: false };
      this.worker.postMessage(call, call.body === undefined ? [] : [call.body.buffer]);
    });
  }

  /** Ends the thread even in the midst of a request, which then is `lost`; resolves when the thread is gone. */
  async end(): Promise<void> {
    this.#lose();
    void this.worker.terminate();
    await this.#exited;
  }

  #receive(message: WorkerMessage): void {
    if (message.kind === 'log') return this.log(message.text);
    const run = this.#run;
    if (run === undefined) return;
    if (message.kind === 'head' || message.kind === 'body') this.#pass(message, run);
    else if (message.kind === 'crashed') this.#lose(`embedded PHP crashed: ${message.reason}\n`);
    else if (message.kind === 'done') {
      // A worn-out runtime "finishes" at once without having said anything: that is not an answer.
      if (!run.hasHead) return this.#lose('embedded PHP ended a request without an answer\n');
      this.#run = undefined;
      run.finish('done');
    }
  }

  /** Hands a piece of the answer on; one that cannot be written (a status of 0, say) ends the run, not the gateway. */
  #pass(message: WorkerMessage & { kind: 'head' | 'body' }, run: Run): void {
    try {
      if (message.kind === 'body') return run.sink.body(message.bytes);
      run.hasHead = true;
      run.sink.head(message.status, message.headers);
    } catch (error) {
      void this.end();
      this.log(`embedded PHP gave an answer that is not HTTP: ${error instanceof Error ? error.message : 'unknown'}\n`);
    }
  }

  #lose(reason?: string): void {
    if (this.isLost) return;
    this.isLost = true;
    if (reason !== undefined) this.log(reason);
    const run = this.#run;
    this.#run = undefined;
    run?.finish('lost');
  }
}
