const KEPT = 20;
const MAX_CHARS = 8000;
const MAX_GROWING = 16;
const MAX_UTTERANCE_CHARS = 32_000;

interface Utterance {
  readonly role: 'user' | 'assistant';
  readonly text: string;
}

/**
 * What was said, in writing: utterances that still grow, and the last of those that are complete, with which a new connection
 * is told what the talk was about (a provider's session ends with its connection).
 */
export class Utterances {
  private readonly growing = new Map<string, string>();
  private readonly said: Utterance[] = [];

  /** Adds to an utterance. Returns all of it so far. */
  grow(itemId: string, text: string): string {
    const all = `${this.growing.get(itemId) ?? ''}${text}`.slice(0, MAX_UTTERANCE_CHARS);
    this.growing.delete(itemId);
    this.growing.set(itemId, all);
    const [oldest] = this.growing.keys();
    if (this.growing.size > MAX_GROWING && oldest !== undefined) this.growing.delete(oldest);
    return all;
  }

  /** Ends an utterance. */
  complete(itemId: string, role: Utterance['role'], text: string): void {
    this.growing.delete(itemId);
    if (text.trim() === '') return;
    this.said.push({ role, text: text.slice(0, MAX_CHARS / 4) });
    let chars = this.said.reduce((sum, one) => sum + one.text.length, 0);
    while (this.said.length > KEPT || chars > MAX_CHARS) chars -= this.said.shift()?.text.length ?? chars;
  }

  /** As items of a new conversation (GA shape). */
  asItems(): readonly object[] {
    return this.said.map(({ role, text }) => messageItem(role, text));
  }
}

export function messageItem(role: Utterance['role'], text: string): object {
  return { type: 'message', role, content: [{ type: role === 'user' ? 'input_text' : 'output_text', text }] };
}
