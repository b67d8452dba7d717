import { parseArgs } from 'node:util';

/** Exit code of sysexits.h for a command line that cannot be understood. */
export const EX_USAGE = 64;

/** A command line that cannot be understood, or a setting that a smoke cannot do without. */
export class UsageError extends Error {}

/**
 * Reads a smoke's command line: `--base URL` is required, what else there is stands in `options` (as `parseArgs` takes
 * them). `base` comes back without a slash at the end. @throws UsageError
 */
export function readOptions(args, options = {}) {
  let values;
  try {
    ({ values } = parseArgs({
      args,
      strict: true,
      allowPositionals: false,
      options: { base: { type: 'string' }, help: { type: 'boolean', short: 'h' }, ...options },
    }));
  } catch (error) {
    throw new UsageError(error.message);
  }
  if (values.help) return values;
  if (values.base === undefined) throw new UsageError('--base is missing: the URL of the gateway to check');
  return { ...values, base: readUrl(values.base, '--base') };
}

/** A base URL without a slash at the end. @throws UsageError that names the option */
export function readUrl(text, option) {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(`${option} must be a URL such as http://127.0.0.1:3000`);
  }
  if (url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new UsageError(`${option} must hold neither a user name nor a query`);
  }
  return url.origin + url.pathname.replace(/\/+$/, '');
}
