import { fileURLToPath, pathToFileURL } from 'node:url';

const guard = fileURLToPath(new URL('./loopback-only.mjs', import.meta.url));

/**
 * The part of a child's environment that keeps it on this machine, for tests that do not hand down `process.env` as a
 * whole: Node children refuse and note what they try (see loopback-only.mjs), PHP's HttpClient refuses.
 */
export function loopbackEnv(nodeOptions = ''): NodeJS.ProcessEnv {
  const notes = process.env['DONNA_LOOPBACK_NOTES'];
  return {
    NODE_OPTIONS: `${nodeOptions} --import=${pathToFileURL(guard).href}`.trim(),
    DONNA_LOOPBACK_ONLY: '1',
    ...(notes === undefined ? {} : { DONNA_LOOPBACK_NOTES: notes }),
  };
}
