import { MalformedDocumentError } from '../../replication/index.js';
import { entriesOf, isArray, readPhpJson, writePhpJson } from '../php-twin/index.js';
import { conversationNode, readConversation, type StoredConversation } from './stored-conversation.js';

/** json_decode's depth in legacy-php's JsonStore. */
const DEPTH = 64;

/** Reads an owner's document of legacy-php: `{"conversations": [...]}`. @throws MalformedDocumentError */
export function readConversations(document: string): readonly StoredConversation[] {
  const root = readPhpJson(document, { depth: DEPTH, objectsAs: 'arrays' });
  if (!isArray(root)) throw new MalformedDocumentError('the document is no JSON object');
  const list = entriesOf(root).get('conversations') ?? [];
  if (!isArray(list)) throw new MalformedDocumentError('conversations is no list');
  const conversations = [...entriesOf(list).values()].map(readConversation);
  if (new Set(conversations.map(({ id }) => id)).size < conversations.length)
    throw new MalformedDocumentError('two conversations have the same id');
  return conversations;
}

/** The document of these conversations, as legacy-php writes it. */
export function writeConversations(conversations: readonly StoredConversation[]): string {
  return writePhpJson(new Map([['conversations', conversations.map(conversationNode)]]));
}
