import { readStartOptions } from '../start-options.js';

/** What `npm run doctor -- …` was asked. */
export type DoctorOptions =
  | { readonly kind: 'help' }
  | { readonly kind: 'check'; readonly isJson: boolean; readonly env: Readonly<Record<string, string>> }
  | { readonly kind: 'fault'; readonly problem: string };

export const DOCTOR_HELP = `Checks the configuration that npm start would use, and every dependency that it names.

  npm run doctor                                  with the environment and .env as they are
  npm run doctor -- --php http://127.0.0.1:8080   with the options of npm start (--port, --host, --php, --routes)
  npm run --silent doctor -- --json               for machines

Each line is ok, a warning, or a fault with what to do. Nothing is changed, sent or left running.
Exit code: 0 no fault, 1 a fault, 64 an option that is not known, 78 a configuration that cannot be loaded.
`;

/** Reads the command line: its own `--json`, and what `npm start` takes. */
export function readDoctorOptions(args: readonly string[]): DoctorOptions {
  const options = readStartOptions(args.filter((argument) => argument !== '--json'));
  if (options.kind === 'help') return { kind: 'help' };
  if (options.kind === 'fault') return options;
  if (options.kind === 'version') return { kind: 'fault', problem: "Unknown option '--version'" };
  return { kind: 'check', isJson: args.includes('--json'), env: options.env };
}
