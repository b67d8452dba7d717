import { requiredUnless, when } from '../conditional-rules.js';
import { onNoAction } from '../conditions.js';
import { IsEmailAddress, IsOneOf, IsSafePathPart, IsText, IsWholeNumber } from '../input.decorators.js';
import { InputDto } from '../input-dto.js';
import { isPathPart } from '../php-checks.js';
import { Obeys, type SentFields } from '../rule.js';
import { choice, email, text, wholeNumber } from '../rules.js';
import { VoiceEventDto } from './voice-event.dto.js';

const CATEGORIES = ['lead', 'client', 'marketing', 'spam'] as const;
const HAS_NO_ACTION = onNoAction(hasNoAction);
const NAMES_MAIL = { field: 'email_id', holds: namesMail } as const;
const BODY = { isMultiline: true } as const;

/** `GET /api/marketing.php`, actions `inbox`, `read_inbox` and `classify`. */
@InputDto('marketing.inbox')
export class InboxDto {
  @IsWholeNumber(1, 100)
  limit?: number | null;

  @IsOneOf(...CATEGORIES)
  category?: (typeof CATEGORIES)[number] | null;
}

/** Without an action the inbox; `voice_event` besides. */
@InputDto('marketing')
export class MarketingDto extends VoiceEventDto {
  @Obeys(when(HAS_NO_ACTION, wholeNumber(1, 100)))
  limit?: number | null;

  @Obeys(when(HAS_NO_ACTION, choice(...CATEGORIES)))
  category?: (typeof CATEGORIES)[number] | null;
}

/** `send` and `send_email`. The subject is one line: nobody adds a header to a mail. */
@InputDto('marketing.send')
export class SendMailDto {
  @IsEmailAddress({ isRequired: true })
  to: string;

  @IsText(1, 200, { isRequired: true })
  subject: string;

  @IsText(1, 20_000, { ...BODY, isRequired: true })
  body: string;
}

/** `reply_to_email`: to a mail of the inbox, or with `to` and `subject` to another. */
@InputDto('marketing.reply')
export class ReplyDto {
  @IsSafePathPart()
  email_id?: string | null;

  @Obeys(requiredUnless(NAMES_MAIL, email()))
  to?: string | null;

  @Obeys(requiredUnless(NAMES_MAIL, text(1, 200)))
  subject?: string | null;

  @IsText(1, 20_000, { ...BODY, isRequired: true })
  body: string;
}

/** `draft_ai_reply`: nothing is sent. */
@InputDto('marketing.draft')
export class DraftReplyDto {
  @IsSafePathPart()
  email_id?: string | null;

  @IsEmailAddress()
  to?: string | null;

  @IsText(1, 200)
  subject?: string | null;

  @Obeys(requiredUnless(NAMES_MAIL, text(1, 20_000, BODY)))
  body?: string | null;
}

function namesMail({ email_id: id }: SentFields): boolean {
  return isPathPart(Number.isInteger(id) ? String(id) : id, 64);
}

function hasNoAction({ action }: SentFields): boolean {
  return action === undefined || action === '';
}
