import { gatewayCommand } from '../command.js';

/** `stages`: who answers what. */
export const stagesCommand = gatewayCommand(
  {
    name: 'stages',
    summary: 'every route that can have more than one stage',
    about: 'Every route that can have more than one stage, the stage it has, and who said so.',
    usage: [
      ['', 'routes that both PHP and a native handler can answer'],
      ['--all', 'all routes'],
    ],
    options: { all: { type: 'boolean', about: 'routes with one possible stage too' } },
    read: ([route], { all }) => {
      if (route !== undefined) throw new Error(`stages takes no route: npm run gateway -- stage ${route}`);
      return { isAll: all === true };
    },
  },
  async () => (await import('../stage-work.js')).showStages,
);
