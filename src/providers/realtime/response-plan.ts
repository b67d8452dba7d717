import { receptionistReply } from '../receptionist.js';
import type { Conversation } from './conversation.js';
import { type Item, itemRequest, makeItem } from './item.js';
import { MagicWords } from './magic-words.js';
import { Refusal } from './refusal.js';
import type { SessionConfig } from './session-config.js';
import { type Fields, fieldsOf } from './shape.js';

/** What one response is to be. */
export interface ResponsePlan {
  readonly reply: string;
  readonly words: MagicWords;
  readonly modality: 'audio' | 'text';
  readonly voice: string;
  readonly speed: number;
  readonly instructions: string;
  readonly maxOutputTokens: number | 'inf';
  readonly metadata: unknown;
  /** Where it is written down; undefined for one out of band. */
  readonly conversation: Conversation | undefined;
  /** What it answers. */
  readonly context: readonly Item[];
}

/** Plans a response: as `response.create` asks, and where it says nothing as the session has it. */
export function planResponse(
  request: Fields,
  config: SessionConfig,
  conversation: Conversation,
): ResponsePlan | Refusal {
  const context = contextOf(request['input'], conversation);
  if (context instanceof Refusal) return context;
  const said = context.findLast((item) => item.said !== undefined)?.said ?? '';
  const instructions = String(request['instructions'] ?? config.instructions);
  const [modality] = Array.isArray(request['output_modalities']) ? request['output_modalities'] : [config.modality];
  const voice = fieldsOf(fieldsOf(request['audio'])?.['output'])?.['voice'] ?? config.voice;
  const most = request['max_output_tokens'] ?? config.maxOutputTokens;
  return {
    reply: receptionistReply(said.replaceAll(/#stub:\S+/g, '')),
    words: new MagicWords(`${instructions} ${said}`),
    modality: modality === 'text' ? 'text' : 'audio',
    voice: String(voice),
    speed: config.speed,
    instructions,
    maxOutputTokens: typeof most === 'number' ? most : 'inf',
    metadata: request['metadata'],
    conversation: request['conversation'] === 'none' ? undefined : conversation,
    context,
  };
}

/** The items that are answered: those of the conversation, or those that the request names or brings. */
function contextOf(input: unknown, conversation: Conversation): readonly Item[] | Refusal {
  if (!Array.isArray(input)) return conversation.items;
  const items: Item[] = [];
  for (const [index, one] of input.entries()) {
    const at = `response.input[${index}]`;
    const fields = fieldsOf(one) ?? {};
    const known = fields['type'] === 'item_reference' ? conversation.find(fields['id']) : undefined;
    const item = known ?? itemRequest(one, at) ?? makeItem(fields, '', at);
    if (item instanceof Refusal) return item;
    items.push(item);
  }
  return items;
}
