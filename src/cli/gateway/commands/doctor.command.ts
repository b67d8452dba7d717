import type { Command } from '../command.js';
import type { OptionSpecs } from '../read-arguments.js';

const OPTIONS = {
  php: { type: 'string', value: '<url>', about: 'with the options of npm start: --php, --port, --host, --routes' },
  json: { type: 'boolean', about: 'for machines' },
  help: { type: 'boolean', about: 'prints what npm run doctor prints' },
} as const satisfies OptionSpecs;

/** `doctor`: the same as `npm run doctor`, which reads its own command line. */
export const doctorCommand: Command<{ readonly args: readonly string[] }> = {
  name: 'doctor',
  summary: 'checks the configuration and every dependency, as npm run doctor does',
  about: 'Checks the configuration that npm start would use, and every dependency that it names.',
  usage: [['', '']],
  options: OPTIONS,
  read: (args) => ({ kind: 'run', options: { args } }),
  run: async ({ args }) => (await import('../run-doctor.js')).runDoctor(args),
};
