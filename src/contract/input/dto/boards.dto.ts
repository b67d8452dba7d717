import { GivesOneOf, IsEmailAddress, IsOneOf, IsPhone, IsText, IsWholeNumber } from '../input.decorators.js';
import { InputDto } from '../input-dto.js';
import { byAction, required, when } from '../conditional-rules.js';
import { type Condition, has, whenSent, without } from '../conditions.js';
import { Obeys, type Rule, type SentFields } from '../rule.js';
import { email, matching, pathPart, phone, text } from '../rules.js';
import { VoiceEventDto } from './voice-event.dto.js';

const LEAD_STATUSES = ['new', 'contacted', 'qualified', 'won', 'lost'] as const;
const TEMPERATURES = ['hot', 'warm', 'cold'] as const;
const PRIORITIES = ['low', 'normal', 'high'] as const;
const BODY = { isMultiline: true } as const;
const NOTES = { isMultiline: true } as const;
/** A message goes by `text`, or by `message`. */
const CALLED_TEXT: Condition = { holds: (sent) => !isCalledMessage(sent), where: { without: 'message' } };
const CALLED_MESSAGE: Condition = { holds: isCalledMessage, where: 'sent' };

/** `POST /api/sales/overview.php`, `action: add_contact`. */
@InputDto('sales.add-contact')
export class AddContactDto {
  @IsText(1, 120, { isRequired: true })
  name: string;

  @IsEmailAddress()
  email?: string | null;

  @IsPhone()
  phone?: string | null;

  @IsText(0, 120)
  company?: string | null;
}

/** `action: update_lead`; the lead is named by `lead_id` or `id`. */
@InputDto('sales.update-lead')
export class UpdateLeadDto {
  @Obeys(when(whenSent('lead_id'), required(pathPart(64))))
  lead_id?: string | null;

  @Obeys(when(without('lead_id'), required(pathPart(64))))
  id?: string | null;

  @IsOneOf(...LEAD_STATUSES)
  @GivesOneOf(['status', 'temperature', 'score', 'notes'], 'status', 'give status, temperature, score or notes')
  status?: (typeof LEAD_STATUSES)[number] | null;

  @IsOneOf(...TEMPERATURES)
  temperature?: (typeof TEMPERATURES)[number] | null;

  @IsWholeNumber(0, 100)
  score?: number | null;

  @IsText(0, 2000, NOTES)
  notes?: string | null;
}

/** `action: send_email` or `send_text`. */
@InputDto('sales.message')
export class SalesMessageDto {
  @Obeys(byAction({ send_email: required(email()), send_text: required(phone()) }))
  to: string;

  @Obeys(byAction({ send_email: required(text(1, 200)) }))
  subject?: string;

  @Obeys(byAction({ send_email: required(text(1, 20_000, BODY)) }))
  body?: string;

  @Obeys(byAction({ send_text: when(CALLED_TEXT, required(text(1, 1600, BODY))) }))
  text?: string;

  @Obeys(byAction({ send_text: when(CALLED_MESSAGE, required(text(1, 1600, BODY))) }))
  message?: string;
}

/** `POST /api/secretary/dashboard.php`, `action: add_task`. */
@InputDto('secretary.add-task')
export class AddTaskDto {
  @IsText(1, 200, { isRequired: true })
  title: string;

  @Obeys(when(whenSent('due'), day()))
  due?: string | null;

  @IsOneOf(...PRIORITIES)
  priority?: (typeof PRIORITIES)[number] | null;

  @IsText(0, 2000, NOTES)
  notes?: string | null;
}

/** Whatever else comes to the secretary's board. */
@InputDto('secretary')
export class SecretaryDto extends VoiceEventDto {}

function isCalledMessage(sent: SentFields): boolean {
  return has(sent, 'message') && !has(sent, 'text');
}

/** A day of the calendar. */
function day(): Rule {
  const message = 'must be a day such as 2025-05-13';
  const { check, ...rule } = matching(/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/, message);
  return {
    ...rule,
    check: (value, sent) => {
      const finding = check(value, sent);
      if (finding !== undefined || typeof value !== 'string') return finding;
      // PHP's checkdate knows no year 0.
      const moment = new Date(`${value.startsWith('0000') ? `0001${value.slice(4)}` : value}T00:00:00Z`);
      const isDay = !Number.isNaN(moment.valueOf()) && moment.toISOString().slice(5, 10) === value.slice(5);
      return isDay ? undefined : message;
    },
    describe: (action, field) => {
      const described = rule.describe(action, field);
      return described && { ...described, schema: { ...described.schema, format: 'date' } };
    },
  };
}
