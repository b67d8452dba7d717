import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findSystemPhp } from '../../../forward/index.js';
import { type Check, type CheckResult, fault, ok, warning } from '../check.js';
import type { DoctorFacts } from '../doctor-facts.js';

/** What legacy-php cannot do without; without sodium the gateway alone verifies webhooks, which is enough. */
const NEEDED = ['filter', 'json', 'openssl', 'session'];
const WASM_PACKAGES = ['@php-wasm/universal', '@php-wasm/node', '@php-wasm/node-8-3'];

/** The PHP that the gateway starts itself, without REMOTE_PHP_BASE. */
export function embeddedPhpChecks({ config }: DoctorFacts): readonly Check[] {
  if (config.php.targets.length > 0) return [];
  return [{ name: 'embedded php', run: (signal) => look(config.environment === 'production', signal) }];
}

async function* look(isProduction: boolean, signal: AbortSignal): AsyncGenerator<CheckResult> {
  const name = 'embedded php';
  const php = await findSystemPhp();
  if (php !== undefined) {
    const extensions = await listExtensions(php.path, php.searchPath, signal);
    const missing = NEEDED.filter((extension) => !extensions.includes(extension));
    yield missing.length === 0
      ? ok(name, `${php.path} ${php.version}, ${extensions.includes('sodium') ? 'with' : 'without'} sodium`)
      : warning(name, `${php.path} ${php.version} lacks ${missing.join(', ')}`, 'install these extensions of PHP');
  } else if (WASM_PACKAGES.every(isInstalled)) {
    yield ok(name, 'no php 8.2 or newer on PATH: PHP compiled to WebAssembly will serve, without sodium');
  } else {
    yield fault(
      name,
      'there is none',
      'install php-cli 8.2 or newer, or the optional packages: npm install --include=optional',
    );
  }
  if (isProduction) {
    yield warning(
      name,
      'serves in production: one machine, no web server before it',
      'run PHP under php-fpm and name it in REMOTE_PHP_BASE',
    );
  }
}

async function listExtensions(path: string, searchPath: string, signal: AbortSignal): Promise<readonly string[]> {
  const code = 'echo strtolower(implode(",", get_loaded_extensions()));';
  const { stdout } = await promisify(execFile)(path, ['-r', code], { signal, env: { PATH: searchPath } });
  return stdout.split(',');
}

function isInstalled(name: string): boolean {
  try {
    import.meta.resolve(name);
    return true;
  } catch {
    return false;
  }
}
