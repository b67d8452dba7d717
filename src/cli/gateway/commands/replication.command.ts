import { gatewayCommand } from '../command.js';

/** `replication`: what PHP has not been told. */
export const replicationCommand = gatewayCommand(
  {
    name: 'replication',
    summary: 'what PHP has not been told yet: look before PHP answers again',
    about: 'What native handlers have changed and PHP has not been told yet. Look before PHP answers a route again.',
    usage: [['', '']],
    options: {},
    read: ([word]) => {
      if (word !== undefined) throw new Error(`replication takes nothing, not "${word}"`);
      return {};
    },
  },
  async () => (await import('../stage-work.js')).showReplication,
);
