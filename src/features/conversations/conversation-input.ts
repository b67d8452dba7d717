import { GatewayError } from '../../contract/index.js';
import {
  FieldReader,
  isArray,
  isList,
  type PhpNode,
  PhpObject,
  readPhpJson,
  readQueryFields,
  readSentFields,
  type SentFields,
  writePhpJson,
} from '../php-twin/index.js';
import type { Exchange } from '../../trace/index.js';
import type { ConversationEdit } from './conversation.store.js';

const PROFILES = ['general', 'sales', 'receptionist', 'marketing'];
const STATUSES = ['active', 'archived', 'closed'];
const MAX_METADATA_BYTES = 8192;
/** json_decode's depths in legacy-php: of metadata sent as text, and of metadata as it is kept. */
const SENT_DEPTH = 31;
const KEPT_DEPTH = 32;
const HALF_PAIR = /\p{Surrogate}/u;

/** What `POST /api/conversations.php` asks for. @throws GatewayError VALIDATION_FAILED, BAD_REQUEST, UNSUPPORTED_MEDIA_TYPE */
export function readNewConversation(exchange: Exchange): { readonly title: string; readonly metadata: string } {
  const sent = readSentFields(exchange);
  const input = new FieldReader(sent.fields);
  const title = input.text('title', 1, 200) ?? 'New conversation';
  const profile = input.choice('profile', PROFILES);
  const metadata = readMetadata(input, sent) ?? '{}';
  input.check();
  return { title, metadata: profile === undefined ? metadata : withProfile(metadata, profile) };
}

/** What `PUT /api/conversations.php` asks for. @throws GatewayError as readNewConversation */
export function readConversationEdit(exchange: Exchange): { readonly id: string; readonly edit: ConversationEdit } {
  const sent = readSentFields(exchange);
  const input = new FieldReader(sent.fields);
  const id = input.pathPart('id');
  const title = input.text('title', 1, 200);
  const status = input.choice('status', STATUSES);
  const metadata = readMetadata(input, sent);
  input.check();
  const edit = {
    ...(title === undefined ? {} : { title }),
    ...(status === undefined ? {} : { status }),
    ...(metadata === undefined ? {} : { metadata }),
  };
  if (Object.keys(edit).length === 0)
    throw new GatewayError('VALIDATION_FAILED', { validationErrors: { title: 'give title, status or metadata' } });
  return { id, edit };
}

/** Which conversation `DELETE /api/conversations.php` names: in its body, else in its query. @throws GatewayError as readNewConversation */
export function readRemovedId(exchange: Exchange): string {
  const input = new FieldReader(new Map([...readQueryFields(exchange), ...readSentFields(exchange).fields]));
  const id = input.pathPart('id');
  input.check();
  return id;
}

/** Metadata as it is shown: what is nested too deep, or is no JSON, is `{}`. */
export function metadataNode(metadata: string): PhpNode {
  return readPhpJson(metadata, { depth: KEPT_DEPTH, objectsAs: 'objects' }) ?? new PhpObject(new Map());
}

/** Free facts that a client keeps with a conversation: an object of at most 8 KiB, or its JSON as text, since a form has no objects. */
function readMetadata(input: FieldReader, sent: SentFields): string | undefined {
  if (input.raw('metadata') === null) return undefined;
  const object = asObject(sent.member('metadata') ?? null);
  if (object === undefined) {
    input.fail('metadata', 'must be an object');
    return undefined;
  }
  const json = writePhpJson(object);
  if (Buffer.byteLength(json) > MAX_METADATA_BYTES)
    input.fail('metadata', `must not be longer than ${MAX_METADATA_BYTES} bytes`);
  // PHP keeps what a form nests deeper, and shows it as {}.
  return isShown(json) ? json : '{}';
}

function isShown(metadata: string): boolean {
  return readPhpJson(metadata, { depth: KEPT_DEPTH, objectsAs: 'objects' }) !== undefined;
}

function asObject(value: PhpNode): PhpObject | undefined {
  // A text in a form may be no UTF-8, and then no JSON.
  if (typeof value === 'string' && HALF_PAIR.test(value)) return undefined;
  const object =
    typeof value === 'string' && /^[ \n\r\t\v\0]*\{/.test(value)
      ? readPhpJson(value, { depth: SENT_DEPTH, objectsAs: 'objects' })
      : value;
  if (isArray(object) && !isList(object)) return new PhpObject(object);
  return object instanceof PhpObject ? object : undefined;
}

function withProfile(metadata: string, profile: string): string {
  const object = metadataNode(metadata);
  const members = object instanceof PhpObject ? object.members : new Map<string, PhpNode>();
  return writePhpJson(new PhpObject(new Map([...members, ['profile', profile]])));
}
