import { isUtf8 } from 'node:buffer';
import { GatewayError, mediaTypeOf } from '../../contract/index.js';
import {
  isRecord,
  namesInOrder,
  type PhpRecord,
  type PhpValue,
  readFormTree,
  type Reading,
  readMultipartTree,
  readQueryTree,
} from '../../routing/index.js';
import type { Exchange } from '../../trace/index.js';
import { readPhpJson } from './php-json-reader.js';
import { entriesOf, phpArray, type PhpNode, PhpObject } from './php-node.js';

/** json_decode's depth in legacy-php's Http\Request. */
const BODY_DEPTH = 32;
const NONE: ReadonlyMap<string, PhpNode> = new Map();

/** What a request's body says, in legacy-php's reading (`Http\Request::fields` and `jsonMember`), to the last digit. */
export interface SentFields {
  /** Objects are arrays. */
  readonly fields: ReadonlyMap<string, PhpNode>;
  /** A field with the objects of JSON kept as objects. */
  member(name: string): PhpNode | undefined;
}

/**
 * Reads the fields of a body that the pipeline has read. Of what cannot be read in one way the route's DTO knew before.
 * @throws GatewayError BAD_REQUEST, UNSUPPORTED_MEDIA_TYPE
 */
export function readSentFields({ method, req, body }: Exchange): SentFields {
  if (body === undefined || body.byteLength === 0) return withoutObjects(NONE);
  const contentType = req.headers['content-type'] ?? '';
  const mediaType = mediaTypeOf(contentType);
  switch (mediaType) {
    case 'application/x-www-form-urlencoded':
      // PHP fills $_POST for POST alone.
      return withoutObjects(method === 'POST' ? fromForm(readFormTree(body)) : NONE);
    case 'multipart/form-data': {
      const reading = method === 'POST' ? readMultipartTree(body, contentType) : undefined;
      if (reading === undefined) return withoutObjects(NONE);
      return withoutObjects(
        fromForm(reading.kind === 'read' ? { kind: 'read', value: reading.value.fields } : reading),
      );
    }
    case '':
    case 'application/json':
      return fromJson(body);
    default:
      if (mediaType.endsWith('+json')) return fromJson(body);
      throw new GatewayError('UNSUPPORTED_MEDIA_TYPE', {
        error: 'Send JSON or a form.',
        headers: { Accept: 'application/json, application/x-www-form-urlencoded' },
      });
  }
}

/** The fields of a query, as PHP has them in `$_GET`. @throws GatewayError BAD_REQUEST */
export function readQueryFields({ search }: Exchange): ReadonlyMap<string, PhpNode> {
  return search.length > 1 ? fromForm(readQueryTree(search)) : NONE;
}

function fromJson(body: Buffer): SentFields {
  const document = isUtf8(body)
    ? readPhpJson(body.toString('utf8'), { depth: BODY_DEPTH, objectsAs: 'objects' })
    : undefined;
  if (document === undefined) throw new GatewayError('BAD_REQUEST', { error: 'The body is not valid JSON.' });
  if (!(document instanceof PhpObject))
    throw new GatewayError('BAD_REQUEST', { error: 'The body must be a JSON object.' });
  return { fields: entriesOf(asArrays(document)), member: (name) => document.members.get(name) };
}

/** As `json_decode` makes it with `associative`. */
function asArrays(node: PhpNode): PhpNode {
  if (Array.isArray(node)) return (node as readonly PhpNode[]).map(asArrays);
  if (!(node instanceof PhpObject)) return node;
  return phpArray(new Map([...node.members].map(([name, member]) => [name, asArrays(member)])));
}

function withoutObjects(fields: ReadonlyMap<string, PhpNode>): SentFields {
  return { fields, member: (name) => fields.get(name) };
}

function fromForm(reading: Reading<PhpRecord>): ReadonlyMap<string, PhpNode> {
  if (reading.kind === 'read') return recordEntries(reading.value);
  throw new GatewayError('BAD_REQUEST', reading.kind === 'refused' ? { error: reading.problem } : {});
}

function recordEntries(record: PhpRecord): ReadonlyMap<string, PhpNode> {
  return new Map(namesInOrder(record).map((name) => [name, formNode(record[name] ?? null)]));
}

/** A form has texts and arrays alone. */
function formNode(value: PhpValue): PhpNode {
  if (Array.isArray(value)) return (value as readonly PhpValue[]).map(formNode);
  if (isRecord(value)) return phpArray(recordEntries(value));
  return typeof value === 'string' ? value : null;
}
