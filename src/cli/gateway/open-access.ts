import { readFileSync } from 'node:fs';
import type { AccessOptions } from './access-options.js';
import { type OperatorAccess, UsageError } from './operator-access.js';

const STANDARD_INPUT = 0;

/** What a command may do by its options and this machine's configuration, which is read here. @throws UsageError, ConfigError */
export async function openAccess({ base, tokenFile }: AccessOptions): Promise<OperatorAccess> {
  const given = tokenFile === undefined ? undefined : readToken(tokenFile);
  // Help and a misspelt word need no configuration.
  const own = await import('./own-gateway.js');
  return {
    base: base ?? own.ownAddress(),
    adminToken: () => given ?? own.makeAdminToken(),
    readToken,
    mint: own.mintToken,
  };
}

function readToken(file: string): string {
  try {
    return readFileSync(file === '-' ? STANDARD_INPUT : file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`--token-file ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`);
  }
}
