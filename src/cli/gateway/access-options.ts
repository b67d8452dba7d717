import { readBase } from './gateway-options.js';

/** What each command of an operator takes beside its own options. */
export const ACCESS_OPTIONS = {
  json: { type: 'boolean' },
  base: { type: 'string' },
  'token-file': { type: 'string' },
} as const;

/** How a command reaches the gateway, and for whom it prints. @throws Error where `--base` is no address */
export function readAccess(values: {
  readonly json?: boolean | undefined;
  readonly base?: string | undefined;
  readonly 'token-file'?: string | undefined;
}): { readonly base: string | undefined; readonly tokenFile: string | undefined; readonly isJson: boolean } {
  return {
    base: values.base === undefined ? undefined : readBase(values.base),
    tokenFile: values['token-file'],
    isJson: values.json === true,
  };
}
