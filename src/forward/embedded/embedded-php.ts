/** Which PHP runs: the machine's own `php`, or PHP compiled to WebAssembly. */
export type EmbeddedPhpKind = 'system' | 'wasm';

/** A running PHP application server on loopback. */
export interface EmbeddedPhp {
  readonly kind: EmbeddedPhpKind;
  /** PHP's own version, as `8.3.33`. */
  readonly version: string;
  /** `http://127.0.0.1:PORT`; the port stays the same when PHP is restarted. */
  readonly origin: string;
  /** Ends PHP and everything it started, within about two seconds. */
  stop(): Promise<void>;
}

/** What the embedded server needs to know. */
export interface EmbeddedPhpOptions {
  /** The folder that holds `router.php` and `public/`. */
  readonly root: string;
  /** PHP's whole environment; nothing of the gateway's own is added but `PATH`. */
  readonly env: Readonly<Record<string, string>>;
  /** `system` when `php` 8.2 or newer is on PATH, else `wasm`. */
  readonly kind?: EmbeddedPhpKind;
  /** How many requests run at once; 4 for the system PHP, 3 for WebAssembly (about 90 MB each). */
  readonly workers?: number;
  /** Receives PHP's messages, one line each, without addresses or e-mails in them. */
  readonly log: (line: string) => void;
  /** Bounds of the WebAssembly kind. */
  readonly limits?: Partial<WasmLimits>;
}

/** The bounds within which WebAssembly PHP answers. */
export interface WasmLimits {
  /** A request that runs longer is ended with its runtime and answered 504; milliseconds. */
  readonly requestTimeoutMs: number;
  /** A longer request body is answered 413; bytes. */
  readonly maxRequestBytes: number;
  /** An answer of which the client has left more than this untaken is cut; bytes. */
  readonly maxUnsentBytes: number;
  /** After so many requests a runtime is replaced; it dies at about 2,000. */
  readonly requestsPerRuntime: number;
  /** More waiting requests than this are answered 503. */
  readonly maxWaiting: number;
  /** How long PHP may go on after its client has left; milliseconds. */
  readonly abortGraceMs: number;
}

/** Defaults of {@link WasmLimits}. */
export const defaultWasmLimits: WasmLimits = {
  requestTimeoutMs: 60_000,
  maxRequestBytes: 64 * 1024 * 1024,
  maxUnsentBytes: 64 * 1024 * 1024,
  requestsPerRuntime: 400,
  maxWaiting: 256,
  abortGraceMs: 700,
};
