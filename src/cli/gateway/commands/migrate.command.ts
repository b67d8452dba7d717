import { gatewayCommand } from '../command.js';

/** What `migrate` was asked. */
export interface MigrateOptions {
  /** `all`: one after the other. */
  readonly collection: string;
  readonly isBack: boolean;
  readonly isDryRun: boolean;
  readonly isVerifyOnly: boolean;
  /** Stops the run that is under way. */
  readonly isStop: boolean;
}

/** `migrate`: PHP's data into Postgres, and back. */
export const migrateCommand = gatewayCommand(
  {
    name: 'migrate',
    summary: "PHP's data into Postgres (--dry-run, --verify), and back (--back)",
    about: "Carries PHP's data into Postgres while both are in use, compares both sides, and brings it back.",
    usage: [
      ['conversations --dry-run', 'what would be carried, what is malformed'],
      ['all', 'conversations, then settings; goes on where a killed run was'],
      ['settings --verify', 'compares both sides: owners, items, SHA-256'],
      ['conversations --back', "brings PHP's documents to what Postgres says"],
    ],
    options: {
      'dry-run': { type: 'boolean', about: 'reads everything, writes nothing' },
      verify: { type: 'boolean', about: 'compares, carries nothing; without it a run compares at its end' },
      back: { type: 'boolean', about: 'from Postgres to PHP' },
      stop: { type: 'boolean', about: 'stops the run that is under way; Ctrl-C only stops looking on' },
    },
    exits: 'Exit code: 0 all is equal, 1 not all is, or it was refused, 130 stopped looking on.',
    read: ([collection, more], values): MigrateOptions => {
      if (more !== undefined) throw new Error(`migrate takes one collection or all, not "${more}" besides`);
      if (collection === undefined || !/^[a-z]{1,40}$/.test(collection))
        throw new Error('Say what to migrate: conversations, settings or all');
      const isDryRun = values['dry-run'] === true;
      const isVerifyOnly = values.verify === true;
      if (isDryRun && isVerifyOnly) throw new Error('--verify writes nothing anyway: leave --dry-run out');
      return { collection, isBack: values.back === true, isDryRun, isVerifyOnly, isStop: values.stop === true };
    },
  },
  async () => (await import('../migrate.js')).migrate,
);
