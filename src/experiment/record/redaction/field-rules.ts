import { isServerText } from './server-text.js';

/** Which part of an exchange a value stands in. */
export type Side = 'request' | 'answer';

/** Names of fields that a recording may show besides those that are known, as its operator says. */
export interface ExtraFields {
  /** Shown with their values. */
  readonly keep: readonly string[];
  /** Shown by name, their values replaced. */
  readonly fields: readonly string[];
}

export const NO_EXTRA_FIELDS: ExtraFields = { keep: [], fields: [] };

type Keeps = (text: string) => boolean;

const words = (text: string): string[] => text.split(' ');
const oneOf = (...values: readonly string[]): Keeps => {
  const set = new Set(values);
  return (text) => set.has(text);
};
const like =
  (pattern: RegExp): Keeps =>
  (text) =>
    pattern.test(text);
/** No phone number, no account: an amount of things. */
const number = like(/^-?\d{1,6}(?:\.\d{1,4})?$/);
const PROFILES = ['general', 'sales', 'receptionist', 'marketing'];
const CATEGORIES = ['lead', 'client', 'marketing', 'spam'];

/** Values that are part of the contract, by the name of their field. What is not among them is replaced. */
const KEPT: Readonly<Record<string, Keeps>> = {
  action: oneOf(
    ...words(
      'chat email_sent classify_lead inbox read_inbox classify stats send send_email reply_to_email ' +
        'draft_ai_reply get_voices text_to_speech synthesize speech_to_speech test_connection ' +
        'initiate_call answer_call hangup_call transfer_call get_call_status record_call upload_audio ' +
        'add_contact update_lead send_text voice_event get_tasks add_task',
    ),
  ),
  category: oneOf(...CATEGORIES),
  count: number,
  conversion_rate: number,
  duration: number,
  errorCode: like(/^[A-Z][A-Z_]{2,40}$/),
  expires_in: number,
  hot_leads: number,
  language: like(/^[a-z]{2}$/),
  limit: number,
  maxHistory: number,
  message_count: number,
  period: oneOf('hour', 'day', 'week', 'month'),
  position: oneOf('bottom-right', 'bottom-left', 'top-right', 'top-left'),
  priority: oneOf('low', 'normal', 'high'),
  profile: oneOf(...PROFILES),
  responseDelayMs: number,
  role: oneOf('user', 'assistant', 'bot', 'donna', 'system', ...PROFILES),
  score: number,
  service: oneOf('donna-api'),
  starred: number,
  status: oneOf(
    ...words(
      'active archived closed new contacted qualified won lost received sent queued open done pending ' +
        'failed completed healthy degraded connected ready',
    ),
  ),
  temperature: oneOf('hot', 'warm', 'cold'),
  theme: oneOf('light', 'dark', 'auto'),
  themeColor: like(/^#(?:[0-9a-f]{3}|[0-9a-f]{6})$/i),
  token_type: oneOf('Bearer'),
  total: number,
  total_contacts: number,
  unread: number,
  user_profile: oneOf(...PROFILES),
  version: like(/^\d{1,3}\.\d{1,3}\.\d{1,3}(?:-[a-z]{1,8})?$/),
  ...Object.fromEntries(CATEGORIES.map((name) => [name, number])),
};

/** Names that say nothing of anybody: shown, their values replaced. */
const KNOWN = new Set(
  (
    'success traceId data error message validationErrors ok time id title created_at updated_at last_message_at ' +
    'last_message_preview metadata user_id user_email user_memory chat_id chat_history content reply abuse_detected ' +
    'authenticated greeting behavior knowledge integrations tone typingIndicator handoffEnabled companyName businessHours ' +
    'faq sources email calendar telephony crm name avatar emails stats categories from from_name subject body received_at ' +
    'answered classification to email_id message_id lead_id contact_id session_id call_id call_control_id voice_id ' +
    'contacts leads phone company value notes tasks schedule meetings due kind type text payload at detailed starts_at ' +
    'ends_at start end with attendees location confidence signals reason scores words voices audio_data transcript ' +
    'csrf_token password user roles page cursor offset sort order q query search'
  ).split(' '),
);
/** Below these a client writes whatever it likes: no value is taken for one of the contract's. */
const FREE = new Set(['metadata', 'user_memory', 'payload', 'chat_history']);
/** What opens a door: nothing of it is kept, not even how long it is. */
const SECRET_NAME =
  /passw|passphrase|^pwd$|secret|token$|csrf|api_?key|authorization|credential|signature|^(?:code|pin|otp|cvv|cvc|iban)$/i;
const ID_NAME = /^id$|_id$|[a-z]Id$/;
/** Where a value stands. */
export interface Place {
  readonly side: Side;
  /** Names from the root; `*` for items. */
  readonly path: readonly string[];
}

/** Which names and values of a request and its answer may be shown. Everything else is replaced. */
export class FieldRules {
  private readonly keep: ReadonlySet<string>;
  private readonly known: ReadonlySet<string>;

  constructor(extra: ExtraFields = NO_EXTRA_FIELDS) {
    this.keep = new Set(extra.keep);
    this.known = new Set([...KNOWN, ...Object.keys(KEPT), ...extra.keep, ...extra.fields]);
  }

  isKnownName(name: string): boolean {
    // `behavior.tone`, `chat_history[3]`: validation errors name members in this way.
    return name.split('.').every((part) => this.known.has(part) || this.known.has(part.replace(/\[\d{0,3}\]$/, '')));
  }

  isSecret(name: string): boolean {
    return SECRET_NAME.test(name);
  }

  isId({ path }: Place): boolean {
    return ID_NAME.test(path.findLast((name) => name !== '*') ?? '');
  }

  isKept(text: string, { side, path }: Place): boolean {
    if (text.includes('{{')) return false;
    const name = path.findLast((part) => part !== '*') ?? '';
    if (this.isSecret(name)) return false;
    if (this.keep.has(name)) return true;
    if (side === 'answer' && isServerPlace(path)) return isServerText(text);
    if (name !== 'profile' && path.slice(0, -1).some((part) => FREE.has(part))) return false;
    // A client does not say which version a server has; a day may be spelt like one.
    if (name === 'version' && (side === 'request' || path.length > 1)) return false;
    return Object.hasOwn(KEPT, name) && KEPT[name]?.(text) === true;
  }
}

function isServerPlace(path: readonly string[]): boolean {
  const [first = ''] = path;
  return path.length === 1
    ? first === 'message' || first === 'error'
    : path.length === 2 && first === 'validationErrors';
}
