import { required } from '../conditional-rules.js';
import { IsFlag, IsOneOf } from '../input.decorators.js';
import { InputDto } from '../input-dto.js';
import { byteLength } from '../php-checks.js';
import { Obeys, type Rule } from '../rule.js';
import { email } from '../rules.js';

const PERIODS = ['hour', 'day', 'week', 'month'] as const;
const MAX_PASSWORD_BYTES = 1024;

/** `GET /api/system-stats.php`. */
@InputDto('system.stats')
export class SystemStatsDto {
  @IsOneOf(...PERIODS)
  period?: (typeof PERIODS)[number] | null;

  @IsFlag()
  detailed?: boolean | null;
}

/** `POST /api/auth/login.php`. */
@InputDto('auth.login')
export class LoginDto {
  @Obeys(accountEmail())
  email: string;

  @Obeys(password())
  password: string;
}

/** PHP's trim takes a NUL away as well: the same account in a spelling that a limit counts apart. */
function accountEmail(): Rule {
  const { check, ...rule } = required(email());
  return {
    ...rule,
    check: (value, sent) => {
      const given = sent['email'];
      return typeof given === 'string' && given.includes('\0') ? 'must be an e-mail address' : check(value, sent);
    },
  };
}

/** Taken as it is: not trimmed, any characters. */
function password(): Rule {
  return {
    check: (value) => {
      if (typeof value !== 'string' || value === '') return 'is required';
      return byteLength(value) > MAX_PASSWORD_BYTES ? 'is too long' : undefined;
    },
    describe: () => ({
      schema: { type: 'string', format: 'password', minLength: 1, maxLength: MAX_PASSWORD_BYTES },
      isRequired: true,
    }),
  };
}
