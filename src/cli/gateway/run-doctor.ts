import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const DOCTOR = join(import.meta.dirname, '../../doctor.js');
const EX_SOFTWARE = 70;

/** Runs what `npm run doctor` runs, which loads the whole gateway, in a process of its own. @returns its exit code */
export async function runDoctor(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, ['--enable-source-maps', DOCTOR, ...args], { stdio: 'inherit' });
  // Ctrl-C reaches both; the doctor decides.
  const wait = (): void => undefined;
  process.on('SIGINT', wait);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    return code ?? EX_SOFTWARE;
  } finally {
    process.removeListener('SIGINT', wait);
  }
}
