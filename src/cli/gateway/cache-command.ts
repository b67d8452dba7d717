import { callAdmin } from './admin-client.js';
import type { OutputOptions } from './command.js';
import type { OperatorAccess } from './operator-access.js';
import { printableJson } from './printable.js';

export interface CacheOptions extends OutputOptions {
  readonly route: string | undefined;
  readonly tag: string | undefined;
}

/** Has stored answers thrown away. @returns the exit code @throws AdminCallError */
export async function purgeCache({ route, tag, isJson }: CacheOptions, access: OperatorAccess): Promise<number> {
  const query = new URLSearchParams({
    ...(route === undefined ? {} : { route }),
    ...(tag === undefined ? {} : { tag }),
  });
  const search = query.size === 0 ? '' : `?${query.toString()}`;
  const data = await callAdmin(access.base, access.adminToken(), { method: 'DELETE', path: `/cache${search}` });
  const what = route ?? (tag === undefined ? 'everything' : `what has the tag ${tag}`);
  process.stdout.write(
    isJson ? `${printableJson(data)}\n` : `Thrown away: ${what}. It is fetched anew when it is asked for.\n`,
  );
  return 0;
}
