import type { AreaDescription, RouteDescription } from '../route-description.js';
import { text } from '../schema-words.js';

function page(summary: string, method?: 'post'): RouteDescription {
  return {
    tag: 'Pages',
    summary,
    answers: {
      200: { description: 'HTML', content: { 'text/html': text } },
      302: { description: 'Elsewhere: to the login, or from it' },
    },
    ...(method === undefined ? {} : { body: { 'application/x-www-form-urlencoded': { type: 'object' } as const } }),
    errors: ['CSRF_FAILED'],
  };
}

/** The pages of the PHP application. */
export const PAGES: readonly AreaDescription[] = [
  {
    path: '/',
    routes: { 'page.board GET': page('The board'), 'page.board POST': page('The board: its forms', 'post') },
  },
  {
    path: '/login.php',
    routes: { 'page.login': page('The login page'), 'page.login.submit': page('Sign in by the form', 'post') },
  },
  {
    path: '/logout.php',
    routes: { 'page.logout GET': page('Sign out: the question'), 'page.logout POST': page('Sign out', 'post') },
  },
  {
    path: '/receptionist.php',
    routes: {
      'page.receptionist GET': page('The receptionist'),
      'page.receptionist POST': page('The receptionist: its forms', 'post'),
    },
  },
  {
    path: '/chatbot.php',
    routes: { 'page.chatbot GET': page('The chatbot'), 'page.chatbot POST': page('The chatbot: its forms', 'post') },
  },
  {
    path: '/api/{*path}',
    routes: {
      'legacy.api': {
        tag: 'Other',
        summary: 'Whatever other API the PHP application has',
        audience: 'admin',
        answers: { 200: { description: 'What PHP answers', content: { 'application/json': {} } } },
        errors: ['NOT_FOUND'],
      },
    },
  },
  {
    path: '/{*path}',
    routes: {
      'legacy.catch-all': {
        tag: 'Other',
        summary: 'Whatever else the PHP application has',
        audience: 'admin',
        answers: { 200: { description: 'What PHP answers', content: { '*/*': {} } } },
        errors: ['NOT_FOUND'],
      },
    },
  },
];
