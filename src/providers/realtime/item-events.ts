import type { Conversation } from './conversation.js';
import { type EventOutlet, makeId } from './event-outlet.js';
import { type Item, makeItem } from './item.js';
import { Refusal } from './refusal.js';
import { type Fields, fieldsOf } from './shape.js';

/** What clients do with the items of a conversation, and what they are told of it. */
export class ItemEvents {
  constructor(
    private readonly conversation: Conversation,
    private readonly outlet: EventOutlet,
  ) {}

  create({ item: request, previous_item_id: after }: Fields): Refusal | undefined {
    const fields = fieldsOf(request) ?? {};
    const id = typeof fields['id'] === 'string' ? fields['id'] : makeId('item');
    const item = makeItem(fields, id, 'item');
    if (item instanceof Refusal) return item;
    return this.add(item, typeof after === 'string' ? after : undefined);
  }

  add(item: Item, after?: string): Refusal | undefined {
    const previous = this.conversation.add(item, after);
    if (previous instanceof Refusal) return previous;
    const fields = { previous_item_id: previous, item: item.view };
    void this.outlet.send('conversation.item.added', fields);
    void this.outlet.send('conversation.item.done', fields);
    return undefined;
  }

  truncate({ item_id: id, audio_end_ms: end }: Fields): Refusal | undefined {
    const item = this.conversation.find(id);
    if (item === undefined) return noItem('truncating', 'truncate', id);
    const { spokenMs, view } = item;
    const endMs = Number(end);
    if (spokenMs === undefined)
      return new Refusal('Only model output audio messages can be truncated', 'unsupported_content_type');
    if (endMs > spokenMs)
      return new Refusal(`Audio content of ${spokenMs}ms is already shorter than ${endMs}ms`, 'invalid_value');
    // What was not heard is not known either: the transcript goes.
    this.conversation.replace(item.id, { spokenMs: endMs, view: { ...view, content: [{ type: 'output_audio' }] } });
    const fields = { item_id: id, content_index: 0, audio_end_ms: endMs };
    void this.outlet.send('conversation.item.truncated', fields);
    return undefined;
  }

  delete({ item_id: id }: Fields): Refusal | undefined {
    const item = this.conversation.find(id);
    if (item === undefined) return noItem('deleting', 'delete', id);
    this.conversation.remove(item.id);
    void this.outlet.send('conversation.item.deleted', { item_id: id });
    return undefined;
  }

  retrieve({ item_id: id }: Fields): Refusal | undefined {
    const item = this.conversation.find(id);
    if (item === undefined) return noItem('retrieving', 'retrieve', id);
    void this.outlet.send('conversation.item.retrieved', { item: withAudio(item) });
    return undefined;
  }
}

function noItem(doing: string, verb: string, id: unknown): Refusal {
  const message = `Error ${doing} item: the item with id '${String(id)}' does not exist.`;
  return new Refusal(message, `item_${verb}_invalid_item_id`);
}

function withAudio({ view, pcm }: Item): Fields {
  if (pcm === undefined || !Array.isArray(view['content'])) return view;
  const audio = pcm.toString('base64');
  const content = view['content'].map((part: Fields) => (part['type'] === 'input_audio' ? { ...part, audio } : part));
  return { ...view, content };
}
