import { isRecord, type PhpRecord, type PhpValue } from '../../../routing/index.js';
import { GivesOneOf, IsOneOf, IsText } from '../input.decorators.js';
import { InputDto } from '../input-dto.js';
import { HEX_COLOUR, isHexColour, jsonSize, listOf, recordOf } from '../php-checks.js';
import { type Fault, Obeys, type Rule } from '../rule.js';
import type { JsonSchema } from '../json-schema.js';
import { choice, isPhpValue, matching, recordSchema } from '../rules.js';
import { PROFILES } from './donna.dto.js';

const POSITIONS = ['bottom-right', 'bottom-left', 'top-right', 'top-left'] as const;
const THEMES = ['light', 'dark', 'auto'] as const;
const MAX_GROUP_BYTES = 16_384;
const MAX_GROUP_DEPTH = 4;
const PLAIN_NAME = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
const SETTINGS = [
  'greeting',
  'themeColor',
  'position',
  'profile',
  'theme',
  'language',
  'behavior',
  'knowledge',
  'integrations',
];

interface Kind {
  readonly isValid: (value: PhpValue) => boolean;
  readonly message: string;
  readonly schema: JsonSchema;
}
type Members = Readonly<Record<string, Kind>>;
const text: Kind = {
  isValid: (value) => typeof value === 'string',
  message: 'must be text',
  schema: { type: 'string' },
};
const flag: Kind = {
  isValid: (value) => typeof value === 'boolean',
  message: 'must be true or false',
  schema: { type: 'boolean' },
};
const whole: Kind = {
  isValid: (value) => Number.isInteger(value),
  message: 'must be a whole number',
  schema: { type: 'integer' },
};
const MAX_MEMBERS = 100;
const list: Kind = {
  isValid: (value) => (listOf(value)?.length ?? Infinity) <= MAX_MEMBERS,
  message: `must be a list of at most ${MAX_MEMBERS} members`,
  schema: { type: 'array', maxItems: MAX_MEMBERS },
};

/** `POST` and `PUT /api/chatbot_settings.php`. Groups are as they come out of JSON; a form sends no flags and numbers. */
@InputDto('settings.set')
export class SettingsDto {
  @IsText(1, 500, { isMultiline: true })
  @GivesOneOf(SETTINGS, 'settings', 'give at least one setting')
  greeting?: string | null;

  @Obeys(sent(matching(HEX_COLOUR, 'must be a colour such as #2f6f8f')))
  themeColor?: string | null;

  @IsOneOf(...POSITIONS)
  position?: (typeof POSITIONS)[number] | null;

  /** A name, or a group. */
  @Obeys(profile())
  profile?: PhpValue;

  @IsOneOf(...THEMES)
  theme?: (typeof THEMES)[number] | null;

  @Obeys(sent(matching(/^[a-z]{2}$/, 'must be two small letters such as en')))
  language?: string | null;

  @Obeys(
    group('behavior', {
      tone: text,
      responseDelayMs: whole,
      typingIndicator: flag,
      maxHistory: whole,
      handoffEnabled: flag,
    }),
  )
  behavior?: PhpValue;

  @Obeys(group('knowledge', { companyName: text, businessHours: text, faq: list, sources: list }))
  knowledge?: PhpValue;

  @Obeys(group('integrations', { email: flag, calendar: flag, telephony: flag }))
  integrations?: PhpValue;
}

/** `DELETE /api/chatbot_settings.php`: no field but the proof of a form, which PHP looks at. */
@InputDto('settings.reset')
export class ResetSettingsDto {
  @Obeys({ check: () => undefined, describe: () => ({ schema: {} }) })
  csrf_token?: PhpValue;
}

/** A rule that asks for more than nothing, once there is anything: '' is not absent. */
function sent({ check, describe }: Rule): Rule {
  return {
    check: (value, fields) => (value === undefined || value === null ? undefined : check(value, fields)),
    describe: (action, field) => {
      const described = describe(action, field);
      return described && { schema: described.schema };
    },
  };
}

function profile(): Rule {
  const name = choice(...PROFILES);
  const asGroup = group('profile', { name: text, role: text });
  const isGroup = (value: unknown): boolean => typeof value === 'object' && value !== null;
  return {
    ...name,
    check: (value, fields) => (isGroup(value) ? asGroup : name).check(value, fields),
    describe: (action, field) => ({
      schema: { anyOf: [name, asGroup].flatMap((rule) => rule.describe(action, field)?.schema ?? []) },
    }),
  };
}

/** Plain names and values, a few levels deep; the members that are known are of their kind. */
function group(name: string, members: Members): Rule {
  return {
    check: (value) => {
      if (value === undefined || value === null) return undefined;
      const fields = isPhpValue(value) ? recordOf(value) : undefined;
      if (fields === undefined) return 'must be an object';
      if (jsonSize(fields, MAX_GROUP_BYTES) > MAX_GROUP_BYTES)
        return `must not be longer than ${MAX_GROUP_BYTES} bytes`;
      const faults = [...faultsOfShape(name, fields), ...faultsOfMembers(name, fields, members)];
      return faults.length === 0 ? undefined : faults;
    },
    describe: () => ({ schema: groupSchema(members) }),
  };
}

function groupSchema(members: Members): JsonSchema {
  const known = Object.entries(members).map(([member, { schema }]) => [member, schema] as const);
  return {
    ...recordSchema(MAX_GROUP_BYTES),
    description: `At most ${MAX_GROUP_DEPTH} levels deep and ${MAX_GROUP_BYTES} bytes as JSON`,
    propertyNames: { pattern: PLAIN_NAME.source },
    properties: { ...Object.fromEntries(known), themeColor: { type: 'string', pattern: HEX_COLOUR.source } },
  };
}

function faultsOfShape(name: string, fields: PhpRecord): readonly Fault[] {
  const faults: Fault[] = [];
  if (!isPlain(fields, MAX_GROUP_DEPTH))
    faults.push({ message: `must hold plain names and values, at most ${MAX_GROUP_DEPTH} levels deep` });
  const colour = fields['themeColor'] ?? null;
  if (colour !== null && !isHexColour(colour))
    faults.push({ field: `${name}.themeColor`, message: 'must be a colour such as #2f6f8f' });
  return faults;
}

function faultsOfMembers(name: string, fields: PhpRecord, members: Members): readonly Fault[] {
  return Object.entries(members).flatMap(([member, { isValid, message }]) => {
    const value = fields[member] ?? null;
    return value === null || isValid(value) ? [] : [{ field: `${name}.${member}`, message }];
  });
}

function isPlain(value: PhpRecord | readonly PhpValue[], depth: number): boolean {
  const isList = listOf(value) !== undefined;
  return Object.entries(value as PhpRecord).every(([name, member]) => {
    if (!isList && !PLAIN_NAME.test(name)) return false;
    if (!isRecord(member) && !Array.isArray(member)) return true;
    return depth > 1 && isPlain(member as PhpRecord, depth - 1);
  });
}
