/*
 * The parts of the optional packages that `php.worker.ts` uses. Written out here because their own declarations do not
 * resolve under `nodenext`, and so that the gateway builds where they are not installed.
 */

declare namespace WebAssembly {
  interface Module {
    readonly __module?: never;
  }
  interface Instance {
    readonly exports: object;
  }
  function compile(bytes: Uint8Array): Promise<Module>;
  function instantiate(module: Module, imports: object): Promise<Instance>;
}

declare module '@php-wasm/node' {
  type MountHandler = (php: object, fs: object, at: string) => unknown;
  interface EmscriptenOptions<Runtime> {
    readonly processId: number;
    readonly ENV: Record<string, string>;
    readonly preRun: Array<(runtime: Runtime) => void>;
    readonly instantiateWasm: (
      imports: object,
      receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
    ) => void;
  }
  export function createNodeFsMountHandler(folder: string): MountHandler;
  export function getPHPLoaderModule(version: string): Promise<{ readonly dependencyFilename: string }>;
  export function loadNodeRuntime<Runtime>(
    version: string,
    options: { readonly emscriptenOptions: EmscriptenOptions<Runtime> },
  ): Promise<number>;
}

declare module '@php-wasm/universal' {
  interface RunOptions {
    readonly scriptPath: string;
    readonly relativeUri?: string;
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly $_SERVER?: Record<string, string>;
    readonly body?: Uint8Array;
  }
  export class PHP {
    constructor(runtimeId: number);
    writeFile(path: string, text: string): void;
    readFileAsText(path: string): string;
    mount(at: string, handler: (php: object, fs: object, at: string) => unknown): Promise<unknown>;
    runStream(options: RunOptions): Promise<{ readonly exitCode: Promise<number> }>;
  }
}
