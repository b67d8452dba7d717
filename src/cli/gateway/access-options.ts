import type { OptionSpecs, ValuesOf } from './read-arguments.js';

/** What each command that asks a gateway takes beside its own options. */
export const ACCESS_OPTIONS = {
  base: { type: 'string', value: '<url>', about: 'the gateway; else http://127.0.0.1:<PORT>' },
  'token-file': {
    type: 'string',
    value: '<file>',
    about: "an administrator's access token, - for standard input; else one is made with JWT_SECRET",
  },
} as const satisfies OptionSpecs;

/** How a command reaches the gateway, and for whom it prints. */
export interface AccessOptions {
  /** Without a slash at the end; undefined: the gateway that this configuration starts. */
  readonly base: string | undefined;
  readonly tokenFile: string | undefined;
}

/** @throws Error where `--base` is no address */
export function readAccess(values: ValuesOf<typeof ACCESS_OPTIONS>): AccessOptions {
  return {
    base: values.base === undefined ? undefined : readBase(values.base),
    tokenFile: values['token-file'],
  };
}

/** An address that an administrator's token may be sent to, without a slash at its end. @throws Error that says what is wrong */
export function readBase(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new Error('--base must be a URL such as http://127.0.0.1:3000');
  if (url.username !== '' || url.search !== '' || url.hash !== '')
    throw new Error('--base must hold neither a user name nor a query');
  // An administrator's token is for nobody on the way.
  if (url.protocol === 'http:' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname))
    throw new Error(
      '--base must be https, or an address of this machine: the token would go over the network in the clear',
    );
  return url.origin + url.pathname.replace(/\/+$/, '');
}
