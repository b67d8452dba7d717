import type { OutputOptions } from './command.js';
import { NotAllowedError, UsageError } from './operator-access.js';
import { mintToken, ownEnvironment } from './own-gateway.js';
import { printableJson } from './printable.js';
import { tell } from './tell.js';

/** Prints an access token. @returns the exit code @throws NotAllowedError where people work; UsageError, ConfigError */
export async function printToken({
  subject,
  roles,
  lifeS,
  isJson,
}: OutputOptions & {
  readonly subject: string;
  readonly roles: readonly string[];
  readonly lifeS: number;
}): Promise<number> {
  const environment = ownEnvironment();
  if (environment !== 'development' && environment !== 'test')
    throw new NotAllowedError(
      `No token is printed in ${environment}: whoever sees the screen or its log would be ${subject}. Sign in instead.`,
    );
  const token = mintToken({ subject, roles, lifeS });
  if (token === undefined) throw new UsageError('This gateway takes only tokens of JWT_JWKS_URL: it can make none');
  const expiresAt = new Date(Date.now() + lifeS * 1000).toISOString();
  return tell(
    isJson ? printableJson({ access_token: token, token_type: 'Bearer', sub: subject, roles, expiresAt }) : token,
  );
}
