import { entriesOf, isArray, isList, phpArray, type PhpMap, type PhpNode } from '../php-twin/index.js';

const members = (fields: Readonly<Record<string, PhpNode>>): PhpMap => new Map(Object.entries(fields));

/** The members of `profile` when it is used as a group instead of the flat name. */
export const PROFILE_GROUP = members({ name: 'Donna', role: 'general', avatar: null });

/** What a chatbot does until its owner says otherwise (legacy-php's `Defaults::SETTINGS`). */
export const DEFAULT_SETTINGS = members({
  greeting: 'Hello, I am Donna. How can I help you?',
  themeColor: '#2f6f8f',
  position: 'bottom-right',
  profile: 'general',
  theme: 'auto',
  language: 'en',
  behavior: members({
    tone: 'friendly',
    responseDelayMs: 0n,
    typingIndicator: true,
    maxHistory: 20n,
    handoffEnabled: true,
  }),
  knowledge: members({
    companyName: 'Donna Example Ltd',
    businessHours: 'Mon-Fri 09:00-17:00',
    faq: [],
    sources: [],
  }),
  integrations: members({ email: true, calendar: false, telephony: false, crm: null }),
});

/** An owner's settings over the defaults. */
export function withDefaults(own: PhpNode): PhpNode {
  const isGroup = isArray(entriesOf(own).get('profile'));
  return mergeSettings(isGroup ? new Map([...DEFAULT_SETTINGS, ['profile', PROFILE_GROUP]]) : DEFAULT_SETTINGS, own);
}

/** Groups are merged member by member; lists and single values are replaced (legacy-php's `Defaults::merge`). */
export function mergeSettings(base: PhpNode, over: PhpNode): readonly PhpNode[] | PhpMap {
  const merged = new Map(entriesOf(base));
  for (const [name, value] of entriesOf(over)) {
    const known = merged.get(name);
    merged.set(name, isGroup(value) && known instanceof Map ? mergeSettings(known, value) : value);
  }
  return phpArray(merged);
}

/** To PHP an empty list is an empty group too. */
function isGroup(value: PhpNode): boolean {
  return value instanceof Map || (isList(value) && value.length === 0);
}
