import type { PhpValue } from '../../../routing/index.js';
import { eventKind, moment } from '../event-rules.js';
import { InputDto } from '../input-dto.js';
import { Obeys, type Rule, type SentFields } from '../rule.js';
import { has, pathPart, record, text, when } from '../rules.js';

const MAX_DATA_BYTES = 8192;

/** `action: voice_event` of the boards; on a board's route for all other actions it says nothing of theirs. */
@InputDto('voice-event')
export class VoiceEventDto {
  @Obeys(ofEvent(when((sent) => has(sent, 'kind'), eventKind())))
  kind?: string;

  @Obeys(ofEvent(when((sent) => !has(sent, 'kind'), eventKind())))
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
