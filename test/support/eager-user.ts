import { ownerKey } from '../../src/replication/index.js';
import { call, type CallAnswer } from './http-call.js';
import { bearer } from './staged-site.js';

/** What one side holds of a user. */
export interface UserView {
  readonly conversations: readonly {
    readonly id: string;
    readonly title: string;
    readonly messageCount: number;
    /** Undefined: not told by this view. */
    readonly said?: readonly string[];
  }[];
  /** Undefined: nothing is set. */
  readonly greeting: string | undefined;
}

interface Known {
  /** What the title may be: what was acknowledged last, and what was sent and never answered. */
  titles: Set<string>;
  /** Acknowledged messages. */
  readonly said: string[];
  /** A removal was sent and never answered. */
  mayBeGone: boolean;
}

const CONVERSATIONS = '/api/conversations.php';
const SETTINGS = '/api/chatbot_settings.php';

/** Numbers from 0 to 1, always the same ones for a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * A user who writes and reads without a pause, one request after another, each to any of the instances, and remembers what was
 * acknowledged. A write that was not answered may have happened or not; one that was must be there ever after.
 */
export class EagerUser {
  readonly owner: string;
  acknowledged = 0;
  unanswered = 0;
  reads = 0;
  /** What it had a right to see and did not. */
  readonly misses: string[] = [];
  private readonly known = new Map<string, Known>();
  private readonly gone = new Set<string>();
  /** Titles of conversations that may exist, under ids that nobody told. */
  private readonly rumoured = new Set<string>();
  private greetings = new Set<string | undefined>([undefined]);
  private defaultGreeting: unknown;
  private counter = 0;

  constructor(
    readonly subject: string,
    private readonly random: () => number,
    /** The instances that are there. */
    private readonly gateways: () => readonly string[],
    /** Whether PHP was told of this owner's writes later than they were acknowledged. */
    private readonly isExcused: (owner: string) => Promise<boolean>,
  ) {
    this.owner = ownerKey(subject);
  }

  async begin(): Promise<void> {
    const answer = await this.send('GET', SETTINGS);
    if (answer?.status !== 200) throw new Error('no settings to begin with');
    this.defaultGreeting = (answer.json() as { data: { greeting: unknown } }).data.greeting;
  }

  async act(): Promise<void> {
    const ids = [...this.known].filter(([, { mayBeGone }]) => !mayBeGone).map(([id]) => id);
    const id = ids[Math.floor(this.random() * ids.length)];
    const dice = this.random();
    if (id === undefined || dice < 0.2) await this.create();
    else if (dice < 0.35) await this.rename(id);
    else if (dice < 0.45) await this.remove(id);
    else if (dice < 0.6) await this.talk(id);
    else if (dice < 0.75) await this.greet();
    else if (dice < 0.8) await this.reset();
    await this.look();
  }

  /** What is wrong with a view of this user's data; each sentence is a lost write. */
  faultsIn(view: UserView): readonly string[] {
    const faults: string[] = [];
    const seen = new Map(view.conversations.map((conversation) => [conversation.id, conversation]));
    for (const [id, { titles, said, mayBeGone }] of this.known) {
      const found = seen.get(id);
      if (found === undefined) {
        if (!mayBeGone) faults.push(`conversation ${id} is missing`);
        continue;
      }
      if (!titles.has(found.title)) faults.push(`${id} is called ${found.title}, not ${[...titles].join(' or ')}`);
      if (found.messageCount < said.length * 2)
        faults.push(`${id} has ${found.messageCount} messages, not ${said.length * 2}`);
      for (const message of found.said === undefined ? [] : said)
        if (found.said?.includes(message) !== true) faults.push(`${id} lacks "${message}"`);
    }
    for (const { id, title } of view.conversations) {
      if (this.gone.has(id)) faults.push(`${id} is back though it was removed`);
      else if (!this.known.has(id) && !this.rumoured.has(title)) faults.push(`nobody made ${id}, ${title}`);
    }
    if (!this.greetings.has(view.greeting))
      faults.push(`the greeting is ${view.greeting}, not ${[...this.greetings].join(' or ')}`);
    return faults;
  }

  private async create(): Promise<void> {
    const title = this.word('title');
    const answer = await this.send('POST', CONVERSATIONS, { title });
    if (answer?.status !== 201) return void this.rumoured.add(title);
    const { id } = (answer.json() as { data: { id: string } }).data;
    this.known.set(id, { titles: new Set([title]), said: [], mayBeGone: false });
  }

  private async rename(id: string): Promise<void> {
    const known = this.known.get(id);
    const title = this.word('renamed');
    const answer = await this.send('PUT', CONVERSATIONS, { id, title });
    if (known === undefined) return;
    if (answer?.status === 404) await this.miss(`${id} was not found to be renamed`);
    // Whoever was not answered may come late.
    const last = [...known.titles].slice(1);
    known.titles = new Set(answer?.status === 200 ? [title, ...last] : [...known.titles, title]);
  }

  private async remove(id: string): Promise<void> {
    const answer = await this.send('DELETE', CONVERSATIONS, { id });
    if (answer?.status === 404) await this.miss(`${id} was not found to be removed`);
    const known = this.known.get(id);
    if (answer?.status !== 200) {
      if (known !== undefined) known.mayBeGone = true;
      return;
    }
    this.known.delete(id);
    this.gone.add(id);
  }

  /** To PHP, which no stage changes. */
  private async talk(id: string): Promise<void> {
    const message = `shut up, ${this.word('saying')}`;
    const answer = await this.send('POST', '/api/donna_logic.php', { message, chat_id: id });
    if (answer?.status === 200) this.known.get(id)?.said.push(message);
  }

  private async greet(): Promise<void> {
    const greeting = this.word('hello');
    await this.set(greeting, await this.send('POST', SETTINGS, { greeting }));
  }

  private async reset(): Promise<void> {
    await this.set(undefined, await this.send('DELETE', SETTINGS));
  }

  private async set(greeting: string | undefined, answer: CallAnswer | undefined): Promise<void> {
    const unanswered = [...this.greetings].slice(1);
    this.greetings =
      answer?.status === 200 ? new Set([greeting, ...unanswered]) : new Set([...this.greetings, greeting]);
  }

  /** Reads what it has just written, wherever that may be. */
  private async look(): Promise<void> {
    const list = await this.send('GET', CONVERSATIONS);
    const settings = await this.send('GET', SETTINGS);
    if (list?.status !== 200 || settings?.status !== 200) return;
    this.reads += 1;
    const { data } = list.json() as { data: { id: string; title: string; message_count: number }[] };
    const { greeting } = (settings.json() as { data: { greeting: string } }).data;
    const faults = this.faultsIn({
      conversations: data.map(({ id, title, message_count: messageCount }) => ({ id, title, messageCount })),
      greeting: greeting === this.defaultGreeting ? undefined : greeting,
    });
    for (const fault of faults) await this.miss(fault);
  }

  private async miss(what: string): Promise<void> {
    if (!(await this.isExcused(this.owner))) this.misses.push(`${this.subject}: ${what}`);
  }

  /** Undefined: no answer, or one of which nobody knows what it means for a write. */
  private async send(method: string, path: string, fields?: object): Promise<CallAnswer | undefined> {
    const gateways = this.gateways();
    const gateway = gateways[Math.floor(this.random() * gateways.length)] ?? '';
    try {
      const answer = await call(gateway, path, {
        method,
        headers: { ...bearer(this.subject), 'Content-Type': 'application/json' },
        ...(fields === undefined ? {} : { body: JSON.stringify(fields) }),
      });
      if (answer.status < 500) {
        if (method !== 'GET' && answer.status < 300) this.acknowledged += 1;
        return answer;
      }
    } catch {
      // The instance is gone.
    }
    this.unanswered += 1;
    return undefined;
  }

  private word(kind: string): string {
    return `${kind} ${this.subject} ${this.counter++}`;
  }
}
