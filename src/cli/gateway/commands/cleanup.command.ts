import { gatewayCommand } from '../command.js';
import { noMore } from '../read-arguments.js';

/** `cleanup`: what the retention policy says is too old. */
export const cleanupCommand = gatewayCommand(
  {
    name: 'cleanup',
    summary: 'removes what the retention policy says is too old (--dry-run, --status)',
    about:
      "Removes from the gateway's database what the retention policy says is too old. PHP's files: legacy-php/scripts/cleanup_runtime_data.php.",
    usage: [
      ['--dry-run', 'what would go'],
      ['', ''],
      ['--status', 'the policy in force, and the last runs'],
    ],
    options: {
      'dry-run': { type: 'boolean', about: 'removes nothing' },
      verbose: { type: 'boolean', about: 'names each conversation that goes' },
      status: { type: 'boolean', about: 'shows the policy and the last runs' },
    },
    exits: 'Exit code: 0 done, 1 something could not be removed, or another run is under way.',
    read: (words, values) => {
      noMore(words);
      return {
        isDryRun: values['dry-run'] === true,
        isVerbose: values.verbose === true,
        isStatus: values.status === true,
      };
    },
  },
  async () => (await import('../cleanup-command.js')).cleanup,
);
