import type { AreaDescription } from '../route-description.js';
import { described, object, oneOf, record, ref, text } from '../schema-words.js';

const answers = { 200: { description: 'The settings in effect', fields: { data: ref('ChatbotSettings') } } } as const;
const changed = {
  200: { description: 'The settings in effect', fields: { message: text, data: ref('ChatbotSettings') } },
} as const;
const examples = {
  look: { summary: 'Colour, theme and greeting', fields: { themeColor: '#2f6f8f', theme: 'dark', greeting: 'Hello!' } },
  behaviour: {
    summary: 'Members of groups; the others stay as they are',
    fields: { behavior: { tone: 'formal', maxHistory: 30 }, knowledge: { companyName: 'Donna Example Ltd' } },
  },
} as const;

export const SETTINGS: AreaDescription = {
  path: '/api/chatbot_settings.php',
  schemas: {
    ChatbotSettings: object({
      greeting: text,
      themeColor: { type: 'string', pattern: '^#[0-9A-Fa-f]{3,8}$' },
      position: text,
      profile: { anyOf: [text, record], description: 'A name, or a group' },
      theme: oneOf('light', 'dark', 'auto'),
      language: { type: 'string', pattern: '^[a-z]{2}$' },
      behavior: described(record, 'tone, responseDelayMs, typingIndicator, maxHistory, handoffEnabled'),
      knowledge: described(record, 'companyName, businessHours, faq, sources'),
      integrations: described(record, 'email, calendar, telephony'),
    }),
  },
  routes: {
    'settings.get': {
      tag: 'Settings',
      summary: "Read the chatbot's settings",
      description: 'The defaults, and over them what the caller has set.',
      examples: { all: { summary: 'All of them', fields: {} } },
      answers,
    },
    'settings.set': {
      tag: 'Settings',
      summary: "Change the chatbot's settings",
      description: 'What is not named stays as it is; groups are merged member by member. POST and PUT do the same.',
      examples,
      answers: changed,
    },
    'settings.reset': {
      tag: 'Settings',
      summary: "Reset the chatbot's settings",
      fieldsIn: 'query',
      examples: { all: { summary: 'The defaults again', fields: {} } },
      answers: changed,
    },
  },
};
