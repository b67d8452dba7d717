import { isRecord, type PhpValue } from '../../../routing/index.js';
import { IsEmailAddress, IsOneOf, IsRecord, IsSafePathPart, IsText } from '../input.decorators.js';
import { InputDto } from '../input-dto.js';
import { isText } from '../php-checks.js';
import { type Finding, Obeys, type Rule } from '../rule.js';
import { list, text } from '../rules.js';

/** The manners in which Donna works. */
export const PROFILES = ['general', 'sales', 'receptionist', 'marketing'] as const;
/** Who speaks a turn; "system" is not for a client to say. */
const ROLES = ['user', 'assistant', 'bot', 'donna'] as const;
const MAX_TURN = 4000;
const MAX_USER_ID = 128;

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

  @Obeys(
    list(50, findInTurn, {
      type: 'object',
      required: ['role', 'content'],
      properties: {
        role: { type: 'string', enum: ROLES },
        content: text(0, MAX_TURN, { isMultiline: true }).describe(undefined, '')?.schema ?? {},
      },
    }),
  )
  chat_history?: readonly PhpValue[] | null;

  @IsRecord(8192)
  user_memory?: Readonly<Record<string, PhpValue>> | null;
}

/** Whoever calls is told by the token or the session: this is only held to its form. */
function userId(): Rule {
  return {
    check: (value) =>
      value === undefined || value === null || Number.isInteger(value) || isText(value, 0, MAX_USER_ID, false)
        ? undefined
        : 'must be text of 0 to 128 characters',
    describe: () => ({
      schema: { type: ['string', 'integer'], maxLength: MAX_USER_ID, pattern: '^[^\\u0000-\\u001f\\u007f]*$' },
    }),
  };
}

function findInTurn(turn: PhpValue, index: number): Finding {
  const { role, content, message } = isRecord(turn) ? turn : {};
  if (ROLES.some((known) => known === role) && isText(content ?? message, 0, MAX_TURN, true)) return undefined;
  return [
    {
      field: `chat_history[${index}]`,
      message: 'must have role user or assistant, and content of at most 4000 characters',
    },
  ];
}
