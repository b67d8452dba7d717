import { gatewayCommand } from '../command.js';
import { named } from '../read-arguments.js';

/** `explain`: what is known of a route's handler. */
export const explainCommand = gatewayCommand(
  {
    name: 'explain',
    summary: 'how a handler compares with PHP, the verdict on it, and what was decided',
    about:
      'How the handler of a route compares with PHP, what is ignored and why, the verdict on it, and what was decided.',
    usage: [['conversations.list', '']],
    options: {},
    read: ([route, more]) => {
      if (more !== undefined) throw new Error(`explain takes a route alone, not "${more}"`);
      return { route: named(route) };
    },
  },
  async () => (await import('../experiment-work.js')).explainExperiment,
);
