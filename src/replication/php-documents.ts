import { GatewayError } from '../contract/index.js';
import { callInternally, type Upstream, type Upstreams } from '../forward/index.js';
import { BridgeError } from './bridge.error.js';
import { KeyedMutex } from './keyed-mutex.js';
import {
  type Applying,
  type DocumentPage,
  readApplied,
  isLarge,
  readPage,
  readEffects,
  readReplaced,
  readRead,
} from './bridge-answer.js';
import type { PhpApplied, PhpEffects, PhpRead, PhpReplaced, Replacing } from './bridge-answer.js';

/** Of an answer: a document has 12 MB at most, and its quotes are escaped once more. */
const MAX_ANSWER_BYTES = 26_000_000;
/** A longer document is asked for again, one at a time: many of them together would fill the memory. */
const LARGE_BYTES = 1_000_000;
const MAX_WAITING_LARGE = 16;
const LARGE_TURN_MS = 5000;
/** What a web server answers for a PHP that is not there. */
const AWAY = new Set([502, 503, 504]);

/** One question to the bridge. */
export interface BridgeCall {
  readonly traceId: string;
  /** Milliseconds. */
  readonly timeoutMs: number;
}

/** PHP's documents by its bridge, `legacy-php/api/internal/documents.php`. Each method throws BridgeError. */
export class PhpDocuments {
  private readonly large = new KeyedMutex(MAX_WAITING_LARGE, LARGE_TURN_MS);

  constructor(
    private readonly upstreams: Upstreams,
    private readonly secret: string,
  ) {}

  /** Whether there is a PHP application that has a bridge. */
  get hasBridge(): boolean {
    return this.find() !== undefined;
  }

  /** What PHP holds of an owner; without the document when it still has the version that is known. */
  async read(collection: string, owner: string, version: string | undefined, call: BridgeCall): Promise<PhpRead> {
    const question = { action: 'read', collection, owner, version };
    const answer = await this.ask({ ...question, maxBytes: LARGE_BYTES }, call);
    if (!isLarge(answer)) return readRead(answer);
    const refuse = (): BridgeError => new BridgeError('refused', 'too many large documents at once');
    return readRead(await this.large.run('', () => this.ask(question, call), refuse));
  }

  /** What PHP holds of an owner, and what the write of a request that was sent with `keepAs` began from, which is told once. */
  async effects(collection: string, owner: string, keptAs: string, call: BridgeCall): Promise<PhpEffects> {
    return readEffects(await this.ask({ action: 'effects', collection, owner, keptAs }, call));
  }

  /** Changes PHP's document, each change once whatever becomes of the answer. */
  async apply(collection: string, owner: string, changes: Applying, call: BridgeCall): Promise<PhpApplied> {
    return readApplied(await this.ask({ action: 'apply', collection, owner, ...changes }, call));
  }

  /** The next owners after one, in the order of their keys; at most `limit`, 500. */
  async list(collection: string, after: string | undefined, limit: number, call: BridgeCall): Promise<DocumentPage> {
    return readPage(await this.ask({ action: 'list', collection, after, limit }, call));
  }

  /** Puts a document in the place of the version that is named, which PHP keeps aside. */
  async replace(collection: string, owner: string, replacing: Replacing, call: BridgeCall): Promise<PhpReplaced> {
    return readReplaced(await this.ask({ action: 'replace', collection, owner, ...replacing }, call));
  }

  private find(): Upstream | undefined {
    return this.upstreams.all().find(({ settings }) => settings.documents !== undefined);
  }

  private async ask(question: object, { traceId, timeoutMs }: BridgeCall): Promise<unknown> {
    const upstream = this.find();
    const path = upstream?.settings.documents;
    if (upstream === undefined || path === undefined)
      throw new BridgeError('unreachable', 'no upstream has `documents`');
    const { status, body } = await callInternally(upstream, {
      method: 'POST',
      path,
      secret: this.secret,
      traceId,
      timeoutMs,
      json: JSON.stringify(question),
      maxAnswerBytes: MAX_ANSWER_BYTES,
      acceptsAnyBody: true,
    }).catch((error: unknown) => {
      throw new BridgeError('unreachable', error instanceof GatewayError ? error.code : 'unknown', error);
    });
    if (body === undefined && AWAY.has(status)) throw new BridgeError('unreachable', `status ${status}`);
    // PHP is there, and does not do it: whatever is known of its data may be old.
    if (status !== 200) throw new BridgeError('refused', `status ${status}`);
    return body;
  }
}
