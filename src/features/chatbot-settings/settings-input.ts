import { GatewayError, isHexColour } from '../../contract/index.js';
import type { Exchange } from '../../trace/index.js';
import {
  entriesOf,
  FieldReader,
  isArray,
  isList,
  type PhpMap,
  type PhpNode,
  readSentFields,
} from '../php-twin/index.js';
import { DEFAULT_SETTINGS, PROFILE_GROUP } from './default-settings.js';

const POSITIONS = ['bottom-right', 'bottom-left', 'top-right', 'top-left'];
const PROFILES = ['general', 'sales', 'receptionist', 'marketing'];
const THEMES = ['light', 'dark', 'auto'];
const GROUPS = ['behavior', 'knowledge', 'integrations'];
const FLAT = ['greeting', 'themeColor', 'position', 'profile', 'theme', 'language'];
/** Sent with the settings, and none of them. */
const BESIDE = new Set(['csrf_token', 'action']);
const MAX_GROUP_BYTES = 16_384;
const MAX_GROUP_DEPTH = 4;
const MAX_LIST = 100;
const COLOUR = /^#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/;
const NOT_A_COLOUR = 'must be a colour such as #2f6f8f';
const NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
const HALF_PAIR = /\p{Surrogate}/u;

/**
 * What `POST` and `PUT /api/chatbot_settings.php` ask for, by legacy-php's rules (`SettingsInput`), in its order.
 * @throws GatewayError VALIDATION_FAILED, BAD_REQUEST, UNSUPPORTED_MEDIA_TYPE
 */
export function readSettings(exchange: Exchange): PhpMap {
  const input = new FieldReader(readSentFields(exchange).fields);
  for (const name of input.names())
    if (!BESIDE.has(name) && !FLAT.includes(name) && !GROUPS.includes(name)) input.fail(name, 'is not a setting');
  const settings: readonly (readonly [string, PhpNode | undefined])[] = [
    ['greeting', input.text('greeting', 1, 500, true)],
    ['themeColor', input.matching('themeColor', COLOUR, NOT_A_COLOUR)],
    ['position', input.choice('position', POSITIONS)],
    ['profile', readProfile(input)],
    ['theme', input.choice('theme', THEMES)],
    ['language', input.matching('language', /^[a-z]{2}$/, 'must be two small letters such as en')],
    ...GROUPS.map((name) => [name, readGroup(input, name)] as const),
  ];
  input.check();
  const sent = settings.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  if (sent.length === 0)
    throw new GatewayError('VALIDATION_FAILED', { validationErrors: { settings: 'give at least one setting' } });
  return new Map(sent);
}

/** A DELETE has no field of its own, but a body that cannot be read is refused. @throws GatewayError BAD_REQUEST, UNSUPPORTED_MEDIA_TYPE */
export function checkReset(exchange: Exchange): void {
  readSentFields(exchange);
}

/** A name, or a group. */
function readProfile(input: FieldReader): PhpNode | undefined {
  return isArray(input.raw('profile')) ? readGroup(input, 'profile') : input.choice('profile', PROFILES);
}

function readGroup(input: FieldReader, name: string): PhpNode | undefined {
  const group = input.record(name, MAX_GROUP_BYTES);
  if (group === undefined) return undefined;
  if (!isPlain(group, MAX_GROUP_DEPTH))
    input.fail(name, `must hold plain names and values, at most ${MAX_GROUP_DEPTH} levels deep`);
  // A form may hold bytes that are none; PHP fails when it is about to store them, with 500.
  if (!isUtf8(group)) input.fail(name, 'must be text in UTF-8');
  const colour = entriesOf(group).get('themeColor') ?? null;
  if (colour !== null && !isHexColour(colour)) input.fail(`${name}.themeColor`, NOT_A_COLOUR);
  checkKnown(input, name, entriesOf(group));
  return group;
}

/** Members that have a default are of its kind. */
function checkKnown(input: FieldReader, name: string, group: ReadonlyMap<string, PhpNode>): void {
  const defaults = name === 'profile' ? PROFILE_GROUP : entriesOf(DEFAULT_SETTINGS.get(name));
  for (const [member, standard] of defaults) {
    const value = group.get(member) ?? null;
    if (value === null || standard === null) continue;
    const isSame = isList(standard) ? isList(value) && value.length <= MAX_LIST : typeof value === typeof standard;
    if (!isSame) input.fail(`${name}.${member}`, `must be ${kindOf(standard)}`);
  }
}

function kindOf(standard: PhpNode): string {
  if (isList(standard)) return `a list of at most ${MAX_LIST} members`;
  if (typeof standard === 'boolean') return 'true or false';
  return typeof standard === 'bigint' ? 'a whole number' : 'text';
}

function isPlain(value: PhpNode, depth: number): boolean {
  for (const [name, member] of entriesOf(value)) {
    if (!isList(value) && !NAME.test(name)) return false;
    if (isArray(member) && (depth <= 1 || !isPlain(member, depth - 1))) return false;
  }
  return true;
}

/** Names were looked at before. */
function isUtf8(value: PhpNode): boolean {
  if (typeof value === 'string') return !HALF_PAIR.test(value);
  return [...entriesOf(value).values()].every(isUtf8);
}
