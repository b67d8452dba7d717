import type { PhpValue } from '../../../routing/index.js';
import { when } from '../conditional-rules.js';
import { onAction, whenSent, without } from '../conditions.js';
import { eventKind, moment } from '../event-rules.js';
import { InputDto } from '../input-dto.js';
import { Obeys, type Rule } from '../rule.js';
import { pathPart, record, text } from '../rules.js';

const MAX_DATA_BYTES = 8192;
const OF_EVENT = onAction('voice_event');

/** `action: voice_event` of the boards; on a board's route for all other actions it says nothing of theirs. */
@InputDto('voice-event')
export class VoiceEventDto {
  @Obeys(ofEvent(when(whenSent('kind'), eventKind())))
  kind?: string;

  @Obeys(ofEvent(when(without('kind'), eventKind())))
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
  return when(OF_EVENT, rule);
}
