import type { Command } from './command.js';
import { cacheCommand } from './commands/cache.command.js';
import { cleanupCommand } from './commands/cleanup.command.js';
import { doctorCommand } from './commands/doctor.command.js';
import { explainCommand } from './commands/explain.command.js';
import { historyCommand } from './commands/history.command.js';
import { ignoreCommand } from './commands/ignore.command.js';
import { mailCommand } from './commands/mail.command.js';
import { migrateCommand } from './commands/migrate.command.js';
import { personCommand } from './commands/person.command.js';
import { recordCommand } from './commands/record.command.js';
import { replayCommand } from './commands/replay.command.js';
import { replicationCommand } from './commands/replication.command.js';
import { routesCommand } from './commands/routes.command.js';
import { stageCommand } from './commands/stage.command.js';
import { stagesCommand } from './commands/stages.command.js';
import { tokenCommand } from './commands/token.command.js';
import { traceCommand } from './commands/trace.command.js';
import { commandHelp, overviewHelp } from './command-help.js';
import { didYouMean } from './nearest-word.js';

/** Every command, in the order in which help tells them. What they do is loaded by who runs them. */
const GROUPS: readonly { readonly title: string; readonly commands: readonly Command[] }[] = [
  {
    title: 'Routes, and who answers them',
    commands: [
      erased(routesCommand),
      erased(stagesCommand),
      erased(stageCommand),
      erased(historyCommand),
      erased(explainCommand),
      erased(ignoreCommand),
      erased(replicationCommand),
    ],
  },
  {
    title: 'Traffic',
    commands: [erased(traceCommand), erased(recordCommand), erased(replayCommand), erased(cacheCommand)],
  },
  {
    title: 'Data',
    commands: [erased(migrateCommand), erased(cleanupCommand), erased(personCommand), erased(mailCommand)],
  },
  { title: 'This machine', commands: [erased(tokenCommand), erased(doctorCommand)] },
];

/** What `npm run gateway -- …` was asked. */
export type CommandLine =
  | { readonly kind: 'help'; readonly help: string }
  | { readonly kind: 'fault'; readonly problem: string }
  | { readonly kind: 'run'; readonly options: unknown; readonly run: () => Promise<number> };

/** Reads the command line. */
export function readCommandLine([word, ...rest]: readonly string[]): CommandLine {
  const commands = GROUPS.flatMap((group) => group.commands);
  const names = commands.map(({ name }) => name);
  const meant = word === 'help' ? commands.find(({ name }) => name === rest[0]) : undefined;
  if (meant !== undefined) return { kind: 'help', help: commandHelp(meant) };
  if (word === '--help' || word === '-h' || word === 'help') return { kind: 'help', help: overviewHelp(GROUPS) };
  if (word === undefined)
    return { kind: 'fault', problem: `Say what to do: ${names.join(', ')}\nSee: npm run gateway -- --help` };
  const command = commands.find(({ name }) => name === word);
  if (command === undefined)
    return {
      kind: 'fault',
      problem: `"${word}" is not known${didYouMean(word, names)}\nSee: npm run gateway -- --help`,
    };
  const reading = command.read(rest);
  switch (reading.kind) {
    case 'help':
      return { kind: 'help', help: commandHelp(command) };
    case 'fault':
      return { kind: 'fault', problem: `${reading.problem}\nSee: npm run gateway -- ${word} --help` };
    case 'run':
      return { ...reading, run: () => command.run(reading.options) };
  }
}

/** What a command read goes to that command alone. */
function erased<Options>({ run, ...command }: Command<Options>): Command {
  return { ...command, run: (options) => run(options as Options) };
}
