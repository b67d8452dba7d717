/** One request as a WebAssembly runtime runs it. */
export interface PhpCall {
  readonly method: string;
  /** Path and query, raw and untouched. */
  readonly requestUri: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly server: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer> | undefined;
}

/** What a worker thread is started with. */
export interface WorkerPlan {
  readonly processId: number;
  readonly phpIni: string;
  /** The PHP source that runs first for every request. */
  readonly frontScript: string;
  readonly env: Readonly<Record<string, string>>;
  /** Host folders that PHP sees: where it sees them, and where they are. */
  readonly mounts: ReadonlyArray<{ readonly inside: string; readonly outside: string }>;
  /** The compiled PHP, once a first worker has compiled it. */
  readonly compiled?: WebAssembly.Module;
}

/** What a worker thread tells: `ready` once, then per request one `head`, any number of `body` and `log`, and `done`. */
export type WorkerMessage =
  | { readonly kind: 'ready'; readonly version: string; readonly compiled: WebAssembly.Module }
  | { readonly kind: 'head'; readonly status: number; readonly headers: ReadonlyArray<readonly [string, string]> }
  | { readonly kind: 'body'; readonly bytes: Uint8Array }
  | { readonly kind: 'log'; readonly text: string }
  | { readonly kind: 'done' }
  | { readonly kind: 'crashed'; readonly reason: string };
