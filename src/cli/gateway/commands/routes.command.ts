import { gatewayCommand } from '../command.js';
import { named, noMore } from '../read-arguments.js';

/** What is asked of the route table. */
export type RoutesTask =
  | { readonly kind: 'list' }
  | { readonly kind: 'show'; readonly route: string }
  | { readonly kind: 'match'; readonly method: string; readonly target: string };

/** `routes`: the route table as it is in effect. */
export const routesCommand = gatewayCommand(
  {
    name: 'routes',
    summary: 'every route: what it matches, its stage, who answers, what it demands (--match asks for a request)',
    about:
      'The route table as it is in effect: what each route matches, its stage, who answers it, who may call it and how often.',
    usage: [
      ['', 'all of them'],
      ['conversations.list', 'one in full: all that its requests must pass, in that order'],
      ['--match "POST /api/marketing.php?action=send"', 'which route a request meets, asked of the running gateway'],
    ],
    options: {
      match: { type: 'string', value: '<request>', about: 'a method (else GET) and an address, in quotes' },
    },
    read: ([route, ...more], { match }) => {
      noMore(more);
      return { task: readTask(route, match) };
    },
  },
  async () => (await import('../routes-work.js')).workOnRoutes,
);

function readTask(route: string | undefined, match: string | undefined): RoutesTask {
  if (match === undefined) return route === undefined ? { kind: 'list' } : { kind: 'show', route: named(route) };
  if (route !== undefined) throw new Error('Say a route or --match, not both');
  const [, method = 'GET', target] = /^(?:([A-Za-z]{1,20})\s+)?(\/\S*)$/.exec(match.trim()) ?? [];
  if (target === undefined) throw new Error('--match takes a method and an address: "GET /api/x.php?action=y"');
  return { kind: 'match', method: method.toUpperCase(), target };
}
