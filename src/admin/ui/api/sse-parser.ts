/** An event of `text/event-stream`. */
export interface StreamEvent {
  readonly event: string;
  readonly data: string;
}

/** Characters that one event may have: what is longer comes from no gateway. */
const MAX_EVENT = 1_048_576;

/**
 * Reads `text/event-stream` (HTML Living Standard, section 9.2.6) in whatever pieces it comes. Ids and retry times are not used by
 * the gateway and are passed over. @throws Error when an event has no end
 */
export class SseParser {
  private rest = '';
  private event = '';
  private data: string[] = [];
  private length = 0;
  private isFirst = true;

  push(piece: string): StreamEvent[] {
    let text = this.rest + piece;
    if (this.isFirst && text !== '') {
      text = text.replace(/^\uFEFF/, '');
      this.isFirst = false;
    }
    // A CR at the end may be half of a CRLF.
    const heldBack = text.endsWith('\r') ? '\r' : '';
    const lines = text.slice(0, text.length - heldBack.length).split(/\r\n|\n|\r/);
    this.rest = (lines.pop() ?? '') + heldBack;
    if (this.rest.length > MAX_EVENT) throw new Error('an event of the live stream has no end');
    return lines.flatMap((line) => this.take(line));
  }

  private take(line: string): StreamEvent[] {
    if (line === '') return this.dispatch();
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.event = value;
    else if (field === 'data') {
      this.length += value.length;
      if (this.length > MAX_EVENT) throw new Error('an event of the live stream has no end');
      this.data.push(value);
    }
    return [];
  }

  private dispatch(): StreamEvent[] {
    const { event, data } = this;
    this.event = '';
    this.data = [];
    this.length = 0;
    return data.length === 0 ? [] : [{ event: event === '' ? 'message' : event, data: data.join('\n') }];
  }
}
