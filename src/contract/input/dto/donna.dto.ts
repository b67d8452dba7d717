import { isRecord, type PhpValue } from '../../../routing/index.js';
import { IsEmailAddress, IsOneOf, IsRecord, IsSafePathPart, IsText } from '../input.decorators.js';
import { InputDto } from '../input-dto.js';
import { isText } from '../php-checks.js';
import { type Finding, Obeys, type Rule } from '../rule.js';
import { list } from '../rules.js';

/** The manners in which Donna works. */
export const PROFILES = ['general', 'sales', 'receptionist', 'marketing'] as const;
/** Who speaks a turn; "system" is not for a client to say. */
const ROLES: readonly unknown[] = ['user', 'assistant', 'bot', 'donna'];

/** `POST /api/donna_logic.php`. */
@InputDto('donna.chat')
export class DonnaChatDto {
  @IsText(1, 4000, { isMultiline: true, isRequired: true })
  message: string;

  @IsSafePathPart()
  chat_id?: string | null;

  @IsEmailAddress()
  user_email?: string | null;

  @Obeys(userId())
  user_id?: string | number | null;

  @IsOneOf(...PROFILES)
  user_profile?: (typeof PROFILES)[number] | null;

  @Obeys(list(50, findInTurn))
  chat_history?: readonly PhpValue[] | null;

  @IsRecord(8192)
  user_memory?: Readonly<Record<string, PhpValue>> | null;
}

/** Whoever calls is told by the token or the session: this is only held to its form. */
function userId(): Rule {
  return {
    check: (value) =>
      value === undefined || value === null || Number.isInteger(value) || isText(value, 0, 128, false)
        ? undefined
        : 'must be text of 0 to 128 characters',
  };
}

function findInTurn(turn: PhpValue, index: number): Finding {
  const { role, content, message } = isRecord(turn) ? turn : {};
  if (ROLES.includes(role) && isText(content ?? message, 0, 4000, true)) return undefined;
  return [
    {
      field: `chat_history[${index}]`,
      message: 'must have role user or assistant, and content of at most 4000 characters',
    },
  ];
}
