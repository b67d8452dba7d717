import type { PhpValue } from '../../../routing/index.js';
import { InputDto } from '../input-dto.js';
import { Obeys, type Rule, type SentFields } from '../rule.js';
import { has, matching, pathPart, record, text, when } from '../rules.js';

const MAX_DATA_BYTES = 8192;
const MOMENT = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,16}(?:Z|[+-][0-9]{2}:?[0-9]{2})?$/;
const KIND = matching(
  /^[A-Za-z][A-Za-z0-9._-]{0,63}$/,
  'must be a name of at most 64 letters, digits, dots and dashes',
);

/** `action: voice_event` of the boards; on a board's route for all other actions it says nothing of theirs. */
@InputDto('voice-event')
export class VoiceEventDto {
  @Obeys(ofEvent(when((sent) => has(sent, 'kind'), KIND)))
  kind?: string;

  @Obeys(ofEvent(when((sent) => !has(sent, 'kind'), KIND)))
  type?: string;

  @Obeys(ofEvent(pathPart(128)))
  session_id?: string | null;

  @Obeys(ofEvent(text(0, 4000, { isMultiline: true })))
  text?: string | null;

  @Obeys(ofEvent(record(MAX_DATA_BYTES)))
  payload?: PhpValue;

  @Obeys(ofEvent(record(MAX_DATA_BYTES)))
  data?: PhpValue;

  @Obeys(ofEvent(moment()))
  at?: string | number | null;
}

function ofEvent(rule: Rule): Rule {
  return when(({ action }: SentFields) => action === 'voice_event', rule);
}

function moment(): Rule {
  return {
    check: (value) => {
      if (value === undefined || value === null) return undefined;
      const isMoment =
        typeof value === 'number' ? value >= 0 && value < 1e14 : typeof value === 'string' && MOMENT.test(value);
      return isMoment ? undefined : 'must be an ISO 8601 moment or a number of milliseconds';
    },
  };
}
