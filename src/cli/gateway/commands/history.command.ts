import { gatewayCommand } from '../command.js';
import { named } from '../read-arguments.js';

/** `history`: who changed a route's stage. */
export const historyCommand = gatewayCommand(
  {
    name: 'history',
    summary: 'who changed a route, when and why, latest first',
    about: 'Who changed the stage of a route while the gateway ran, when and why, latest first.',
    usage: [['conversations.list', '']],
    options: {},
    read: ([route, more]) => {
      if (more !== undefined) throw new Error(`history takes a route alone, not "${more}"`);
      return { route: named(route) };
    },
  },
  async () => (await import('../stage-work.js')).showHistory,
);
