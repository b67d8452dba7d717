import { createHmac, randomBytes } from 'node:crypto';
import type { Mail } from './mail/mail.js';

const MAX_NAMES = 20;
const MAX_TARGET_LENGTH = 200;
/** Larger bodies are told by size and hash alone. */
const MAX_PARSED_BYTES = 65_536;
const HASH_LENGTH = 16;
/** What is a name in code and no data: no address, no id, no number. */
const PLAIN_NAME = /^[A-Za-z_$][A-Za-z_$-]{0,31}$/;
const VERSION = /^v\d{1,2}$/;
/** What addresses of services are made of. Any other word may be somebody's name: `/users/alice`. */
const PATH_WORDS = new Set(
  (
    'account accounts action actions api audio auth availability batch booking bookings calendar calendars call calls chat ' +
    'client clients commands completions contact contacts conversation conversations create customer customers deals delete ' +
    'document documents draft drafts email emails embeddings event events export feed file files folders form forms graphql ' +
    'groups health hook hooks import inbox invoice invoices item items jobs json labels lead leads list lists login mail media ' +
    'meeting meetings message messages models note notes notifications number numbers oauth order orders payments people phone ' +
    'products profile public push query realtime record recordings records replies reply responses rest result results rpc ' +
    'search send session sessions settings sms speech status stream subscriptions synthesize task tasks templates thread ' +
    'threads token transcribe transcriptions transfer trigger update upload uploads user users voice voices webhook webhooks'
  ).split(' '),
);
/** Of this process: hashes tell whether two bodies are the same, and cannot be tried out elsewhere. */
const KEY = randomBytes(32);

/** A call that a dry run kept from being made: nothing in it is a value of the request. */
export interface OutboundCall {
  readonly kind: 'http' | 'mail';
  readonly method: string;
  /** Origin and path with `*` for what may be data, and the names in the query; for mail how many it goes to. */
  readonly target: string;
  readonly bytes: number;
  /** Keyed by this process: equal for equal bodies. */
  readonly hash: string;
  /** The names and types of a JSON body or the parts of a mail; the media type of anything else. */
  readonly shape: string;
}

export function describeRequest(method: string, url: URL, body: Buffer, contentType: string): OutboundCall {
  const path = url.pathname
    .split('/')
    .map((part) => (part === '' || VERSION.test(part) || PATH_WORDS.has(part) ? part : '*'))
    .join('/');
  const names = [...new Set(url.searchParams.keys())].slice(0, MAX_NAMES).map(plainName);
  const query = names.length === 0 ? '' : `?${names.join('&')}`;
  return {
    kind: 'http',
    method,
    target: `${url.origin}${path}${query}`.slice(0, MAX_TARGET_LENGTH),
    bytes: body.byteLength,
    hash: hashOf(body),
    shape: shapeOf(body, contentType),
  };
}

export function describeMail(mail: Mail): OutboundCall {
  const body = Buffer.from(JSON.stringify(mail));
  return {
    kind: 'mail',
    method: 'SEND',
    target: `${mail.to.length} recipients`,
    bytes: body.byteLength,
    hash: hashOf(body),
    shape: namesOf(mail),
  };
}

function hashOf(body: Buffer): string {
  return createHmac('sha256', KEY).update(body).digest('hex').slice(0, HASH_LENGTH);
}

function shapeOf(body: Buffer, contentType: string): string {
  const mediaType = /^[\w.+-]{1,40}\/[\w.+-]{1,40}/.exec(contentType)?.[0] ?? '';
  if (body.byteLength === 0 || body.byteLength > MAX_PARSED_BYTES || !mediaType.endsWith('json')) return mediaType;
  try {
    return namesOf(JSON.parse(body.toString()));
  } catch {
    return mediaType;
  }
}

function namesOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return typeOf(value);
  const members = Object.entries(value).slice(0, MAX_NAMES);
  return `{${members.map(([name, member]) => `${plainName(name)}: ${typeOf(member)}`).join(', ')}}`;
}

function plainName(name: string): string {
  return PLAIN_NAME.test(name) ? name : '*';
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? `array(${value.length})` : typeof value;
}
