import { createHash } from 'node:crypto';
import { mediaTypeOf } from '../../contract/index.js';
import type { Answer } from '../compare/answer.js';
import { readJsonTree } from '../compare/json-tree.js';
import type { RecordedAnswer, RecordedContent } from './recorded-exchange.js';
import type { Redactor } from './redaction/redactor.js';
import { redactTarget } from './redaction/target.js';

const MAX_DEPTH = 128;
/** More would keep the process from other work for too long. */
const MAX_VALUES = 5000;
/** What is told is that it is there: the value says nothing that two sides could have in common. */
const PRESENT = '-';
const BINARY = /^(?:audio|image|font|video)\/|^application\/(?:octet-stream|pdf|zip)$|^text\/(?:css|javascript)$/;
/** Names that sessions have; any other may be made of somebody's. */
const COOKIE_NAME = /^(?:__Host-|__Secure-)?(?:[A-Z]{3,12}SESSID|session|csrf_token|locale|theme)$/;
const COOKIE_ATTRIBUTE = /^(?:httponly|secure|partitioned|path=\/|samesite=(?:lax|strict|none)|max-age=0)$/i;
const DIRECTIVE =
  '(?:no-cache|no-store|no-transform|private|public|immutable|must-revalidate|proxy-revalidate|(?:s-maxage|max-age|stale-while-revalidate|stale-if-error)=\\d{1,8})';
const CACHE_CONTROL = new RegExp(`^${DIRECTIVE}(?:, ?${DIRECTIVE})*$`, 'i');
const METHODS = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)(?:, ?(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS))*$/;
const CHALLENGE =
  /^(?:Bearer|Basic|Digest)(?: realm="donna")?(?:, error="(?:invalid_token|invalid_request|insufficient_scope)")?$/;
const MEDIA_TYPE =
  /^(?:application|audio|font|image|multipart|text|video)\/[a-z0-9.+-]{1,60}(?:; ?charset=(?:utf-8|us-ascii|iso-8859-\d{1,2}|windows-125\d))?/i;

/** Each header that clients act on, with what of it says nothing of a person. */
const SHOWN: Readonly<Record<string, (value: string, redactor: Redactor) => string | undefined>> = {
  'content-type': (value) => MEDIA_TYPE.exec(value)?.[0],
  'cache-control': (value) => kept(CACHE_CONTROL, value),
  location: (value, redactor) => {
    const at = value.replace(/^https?:\/\/[^/?#]*/i, '');
    const query = at.indexOf('?');
    return redactTarget(query === -1 ? at : at.slice(0, query), query === -1 ? '' : at.slice(query), '', redactor);
  },
  'set-cookie': (value) => cookieOf(value),
  etag: () => PRESENT,
  'content-disposition': (value) => kept(/^(?:attachment|inline)$/i, value.split(';', 1)[0] ?? ''),
  allow: (value) => kept(METHODS, value),
  'www-authenticate': (value) => kept(CHALLENGE, value),
  'retry-after': () => PRESENT,
};

/** An answer as it may be stored; undefined for one that was not kept whole, or of too many values. */
export function redactAnswer(answer: Answer, redactor: Redactor): RecordedAnswer | undefined {
  if (answer.isCutShort === true) return undefined;
  const { status, body } = answer;
  const headers = redactHeaders(answer.headers, redactor);
  if (body.byteLength === 0) return { status, headers };
  const reading = readJsonTree(body, MAX_DEPTH, MAX_VALUES);
  if (reading.kind === 'not-json') return { status, headers, body: describeBytes(answer) };
  if (reading.kind !== 'tree') return undefined;
  return { status, headers, body: { kind: 'json', tree: redactor.tree(reading.root, 'answer') } };
}

/** The headers that clients act on, without what of them may be personal; the same is done to what they are compared with. */
export function redactHeaders(headers: Answer['headers'], redactor: Redactor): [name: string, value: string][] {
  return headers.flatMap(([name, value]): [string, string][] => {
    const lower = name.toLowerCase();
    const shown = Object.hasOwn(SHOWN, lower) ? SHOWN[lower]?.(value, redactor) : undefined;
    return shown === undefined ? [] : [[lower, shown]];
  });
}

/** A body that is no JSON. A text may name somebody and be found by trying: it has no hash. */
export function describeBytes({ body, contentType }: Answer): RecordedContent {
  const sha256 = BINARY.test(mediaTypeOf(contentType)) ? createHash('sha256').update(body).digest('hex') : undefined;
  return { kind: 'bytes', length: body.byteLength, sha256 };
}

function cookieOf(value: string): string {
  const [pair = '', ...attributes] = value.split(';').map((part) => part.trim());
  const name = pair.split('=', 1)[0] ?? '';
  return [
    `${COOKIE_NAME.test(name) ? name : 'cookie'}=`,
    ...attributes.filter((one) => COOKIE_ATTRIBUTE.test(one)),
  ].join('; ');
}

function kept(pattern: RegExp, value: string): string {
  return pattern.test(value) ? value : PRESENT;
}
