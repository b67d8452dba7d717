import { access, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type EmbeddedPhp, type EmbeddedPhpOptions } from './embedded-php.js';
import { findSystemPhp } from './find-system-php.js';
import { startSystemPhp } from './system-php.js';
import { startWasmPhp } from './wasm/wasm-php.js';

export { phpLineWriter } from './php-line-writer.js';
export type { EmbeddedPhp, EmbeddedPhpKind, EmbeddedPhpOptions, WasmLimits } from './embedded-php.js';

/**
 * Starts a PHP application server for a folder and resolves once it answers.
 * Which script serves which URL is decided by the folder's own `router.php`, for both kinds alike.
 *
 * @throws Error when the folder has no `router.php`, or when the asked kind of PHP is not there (the message says what to install).
 */
export async function startEmbeddedPhp(options: EmbeddedPhpOptions): Promise<EmbeddedPhp> {
  const named = resolve(options.root);
  // A link would be one of the host's within WebAssembly PHP, where it leads nowhere.
  const root = await realpath(named).catch(() => named);
  await access(join(root, 'router.php')).catch(() => {
    throw new Error(`Embedded PHP: ${root} has no router.php; the folder must hold router.php and public/.`);
  });
  const settled = { ...options, root };
  if (options.kind === 'wasm') return startWasmPhp(settled);
  const php = await findSystemPhp();
  if (php !== undefined) return startSystemPhp(settled, php);
  if (options.kind === undefined) return startWasmPhp(settled);
  throw new Error('Embedded PHP: no php 8.2 or newer on PATH; install php-cli, or use the WebAssembly PHP.');
}
