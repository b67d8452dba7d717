import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import { eventually } from './eventually.js';

/** An event as it came. */
export interface LiveEvent {
  readonly name: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Reads an event stream over a connection of its own and keeps all that came. */
export class LiveReader {
  readonly events: LiveEvent[] = [];
  /** All bytes, as text. */
  text = '';
  hasEnded = false;
  /** It was cut, not ended. */
  wasCut = false;

  private constructor(
    private readonly res: IncomingMessage,
    private readonly close: () => void,
  ) {
    let rest = '';
    res.setEncoding('utf8');
    res.on('data', (chunk: string) => {
      this.text += chunk;
      const frames = (rest + chunk).split('\n\n');
      rest = frames.pop() ?? '';
      for (const frame of frames) this.take(frame);
    });
    res.once('end', () => (this.hasEnded = true));
    res.once('error', () => (this.wasCut = true));
  }

  static open(origin: string, path: string, headers: Readonly<Record<string, string>>): Promise<LiveReader> {
    const { hostname, port } = new URL(origin);
    return new Promise((resolve, reject) => {
      const req = request({ host: hostname, port, path, headers, agent: false });
      req.once('error', reject);
      req.once('response', (res) => resolve(new LiveReader(res, () => req.destroy())));
      req.end();
    });
  }

  get status(): number {
    return this.res.statusCode ?? 0;
  }

  get headers(): IncomingHttpHeaders {
    return this.res.headers;
  }

  /** The first event of a name that came or will come and is as wanted. */
  async next(name: string, isWanted: (data: LiveEvent['data']) => boolean = () => true): Promise<LiveEvent['data']> {
    const find = (): LiveEvent | undefined => this.events.find((event) => event.name === name && isWanted(event.data));
    await eventually(() => find() !== undefined);
    return find()?.data ?? {};
  }

  /** Reads no more of what comes. */
  pause(): void {
    this.res.pause();
  }

  leave(): void {
    this.close();
  }

  private take(frame: string): void {
    const name = /^event: (.*)$/m.exec(frame)?.[1];
    const data = /^data: (.*)$/m.exec(frame)?.[1];
    if (name !== undefined && data !== undefined)
      this.events.push({ name, data: JSON.parse(data) as LiveEvent['data'] });
  }
}
