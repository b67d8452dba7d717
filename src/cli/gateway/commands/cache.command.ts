import { gatewayCommand } from '../command.js';
import { named } from '../read-arguments.js';

/** `cache purge`: throws stored answers away. */
export const cacheCommand = gatewayCommand(
  {
    name: 'cache',
    summary: 'throws stored answers away: cache purge, of one route (--route), with a tag (--tag)',
    about: 'Throws away answers that the gateway has stored, in every instance.',
    usage: [
      ['purge', 'all of them'],
      ['purge --route sales.overview', "one route's"],
      ['purge --tag conversations:user_eve', 'what has a tag, with {subject} written out'],
    ],
    options: {
      route: { type: 'string', value: '<route>', about: 'of one route' },
      tag: { type: 'string', value: '<tag>', about: 'with this tag' },
    },
    read: (words, { route, tag }) => {
      if (words.join(' ') !== 'purge') throw new Error('Say what to do: cache purge');
      if (route !== undefined && tag !== undefined) throw new Error('Say --route or --tag, not both');
      return { route: route === undefined ? undefined : named(route), tag };
    },
  },
  async () => (await import('../cache-command.js')).purgeCache,
);
