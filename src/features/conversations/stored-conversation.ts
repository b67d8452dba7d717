import { MalformedDocumentError } from '../../replication/index.js';
import { entriesOf, isArray, isList, type PhpNode } from '../php-twin/index.js';

/** Members that this version does not know: kept, and written out behind the others. */
export type Extra = ReadonlyMap<string, PhpNode>;

export interface StoredMessage {
  readonly role: string;
  readonly content: string;
  readonly extra: Extra;
}

/** A conversation without its messages, as legacy-php keeps it. Moments are ISO 8601 in UTC with milliseconds. */
export interface Conversation {
  readonly id: string;
  readonly title: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly lastMessageAt: string | null;
  readonly messageCount: bigint;
  readonly status: string;
  readonly lastMessagePreview: string | null;
  /** A JSON object, as text. */
  readonly metadata: string;
  readonly extra: Extra;
}

export interface StoredConversation extends Conversation {
  /** Oldest first. */
  readonly messages: readonly StoredMessage[];
}

/** What legacy-php makes before anything is said. */
export function blankConversation(id: string, title: string, metadata: string, at: string): Conversation {
  return {
    id,
    title,
    createdAt: at,
    updatedAt: at,
    lastMessageAt: null,
    messageCount: 0n,
    status: 'active',
    lastMessagePreview: null,
    metadata,
    extra: new Map(),
  };
}

/** Reads one conversation of PHP's document. @throws MalformedDocumentError */
export function readConversation(node: PhpNode): StoredConversation {
  const members = new Members(node, 'a conversation');
  return {
    id: members.id(),
    title: members.text('title'),
    createdAt: members.moment('created_at'),
    updatedAt: members.moment('updated_at'),
    lastMessageAt: members.orNull('last_message_at', (name) => members.moment(name)),
    messageCount: members.count('message_count'),
    status: members.text('status'),
    lastMessagePreview: members.orNull('last_message_preview', (name) => members.text(name)),
    metadata: members.text('metadata'),
    messages: members.list('messages').map(readMessage),
    extra: members.rest(),
  };
}

/** The conversation as PHP writes a new one; changed ones have other orders, which nobody sees. */
export function conversationNode({ messages, ...conversation }: StoredConversation): PhpNode {
  return new Map<string, PhpNode>([
    ['id', conversation.id],
    ['title', conversation.title],
    ['created_at', conversation.createdAt],
    ['updated_at', conversation.updatedAt],
    ['last_message_at', conversation.lastMessageAt],
    ['message_count', conversation.messageCount],
    ['status', conversation.status],
    ['last_message_preview', conversation.lastMessagePreview],
    ['metadata', conversation.metadata],
    ['messages', messages.map(messageNode)],
    ...inOrder(conversation.extra),
  ]);
}

function readMessage(node: PhpNode): StoredMessage {
  const members = new Members(node, 'a message');
  return { role: members.text('role'), content: members.text('content'), extra: members.rest() };
}

function messageNode({ role, content, extra }: StoredMessage): PhpNode {
  return new Map<string, PhpNode>([['role', role], ['content', content], ...inOrder(extra)]);
}

/** One order for all, so that two sides can be compared. */
function inOrder(extra: Extra): readonly [string, PhpNode][] {
  if (extra.size === 0) return [];
  return [...extra].toSorted(([left], [right]) => (left < right ? -1 : 1));
}

const NONE: Extra = new Map();
/** A moment before the year 1000 or after 9999 is none that PHP's clock tells. */
const MOMENT = /^[1-9]\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Takes the members of an array one by one; what is never asked for is the rest. */
class Members {
  private readonly members: ReadonlyMap<string, PhpNode>;
  private readonly asked: string[] = [];

  constructor(
    node: PhpNode,
    private readonly what: string,
  ) {
    if (!isArray(node)) throw new MalformedDocumentError(`${what} is no object`);
    this.members = entriesOf(node);
  }

  id(): string {
    const value = this.text('id');
    return ID.test(value) ? value : this.fail('id');
  }

  text(name: string): string {
    const value = this.take(name);
    return typeof value === 'string' ? value : this.fail(name);
  }

  /** Only in the spelling that it will have again. */
  moment(name: string): string {
    const value = this.text(name);
    const date = new Date(value);
    const isMoment = MOMENT.test(value) && !Number.isNaN(date.getTime()) && date.toISOString() === value;
    return isMoment ? value : this.fail(name);
  }

  count(name: string): bigint {
    const value = this.take(name);
    return typeof value === 'bigint' ? value : this.fail(name);
  }

  list(name: string): readonly PhpNode[] {
    const value = this.take(name);
    return isList(value) ? value : this.fail(name);
  }

  orNull<T>(name: string, read: (name: string) => T): T | null {
    if (this.members.get(name) !== null) return read(name);
    this.asked.push(name);
    return null;
  }

  /** What there was must have been found before. */
  rest(): Extra {
    if (this.members.size === this.asked.length) return NONE;
    return new Map([...this.members].filter(([name]) => !this.asked.includes(name)));
  }

  private take(name: string): PhpNode | undefined {
    this.asked.push(name);
    return this.members.get(name);
  }

  private fail(name: string): never {
    throw new MalformedDocumentError(`${name} of ${this.what} is missing or of a wrong kind`);
  }
}
