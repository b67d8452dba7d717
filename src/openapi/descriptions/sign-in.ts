import type { AreaDescription } from '../route-description.js';
import { described, filled, flag, listOf, object, oneOf, text, whole } from '../schema-words.js';
import { STAND_INS } from '../stand-ins.js';

/** The gateway's own: tokens. */
export const TOKENS: AreaDescription = {
  routes: {
    'auth.token': {
      tag: 'Tokens',
      summary: 'Get an access token',
      description:
        'Exactly one way: `{email, password}`, `{refresh_token}`, or nothing beside the session cookie of the PHP application. A refresh ' +
        'token works once: keep the one that comes back. One that comes a second time ends its whole family. `email` and `password` go together.',
      examples: {
        password: { summary: 'With a password', fields: { email: STAND_INS.email, password: STAND_INS.password } },
        refresh: { summary: 'With a refresh token', fields: { refresh_token: STAND_INS.refreshToken } },
      },
      answers: {
        200: {
          description: 'The tokens',
          fields: {
            access_token: described(filled, 'A JWT, for `Authorization: Bearer`'),
            token_type: oneOf('Bearer'),
            expires_in: described(whole, 'Seconds'),
            refresh_token: filled,
          },
        },
      },
      errors: ['UNAUTHENTICATED', 'UPSTREAM_UNAVAILABLE'],
    },
    'auth.revoke': {
      tag: 'Tokens',
      summary: 'End a token',
      description:
        'Exactly one of: `{token}`, of one’s own, access or refresh; `{subject}`, for administrators: all tokens of a person.',
      examples: {
        own: { summary: 'A refresh token, with all that came of it', fields: { token: STAND_INS.refreshToken } },
      },
      answers: { 200: { description: 'It is ended, if it was one', fields: { revoked: flag } } },
      errors: ['FORBIDDEN', 'UPSTREAM_UNAVAILABLE'],
    },
  },
};

const roles = listOf(text);

export const PHP_LOGIN: AreaDescription = {
  path: '/api/auth/login.php',
  routes: {
    'auth.login': {
      tag: 'Tokens',
      summary: 'Sign in for a session',
      description:
        'For pages: sets the session cookie. Needs the CSRF token of the login page, as `X-CSRF-Token` or in the field `csrf_token`. ' +
        'Mobile clients take `/api/auth/token` instead.',
      headers: { 'X-CSRF-Token': filled },
      answers: {
        200: {
          description: 'The session is open',
          fields: {
            message: text,
            data: object({ user: object({ id: filled, email: filled, name: text, roles }), csrf_token: filled }),
          },
        },
      },
      errors: ['UNAUTHENTICATED', 'CSRF_FAILED'],
    },
  },
};

export const PHP_LOGOUT: AreaDescription = {
  path: '/api/auth/logout.php',
  routes: {
    'auth.logout': {
      tag: 'Tokens',
      summary: 'End the session',
      headers: { 'X-CSRF-Token': filled },
      answers: { 200: { description: 'It is ended', fields: { message: text } } },
      errors: ['CSRF_FAILED'],
    },
  },
};

export const PHP_SESSION: AreaDescription = {
  path: '/api/auth/session.php',
  routes: {
    'auth.session': {
      tag: 'Tokens',
      summary: 'Whose session it is',
      description: 'Answers the gateway alone.',
      audience: 'nobody',
      answers: {},
    },
  },
};
