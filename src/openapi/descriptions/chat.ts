import type { AreaDescription } from '../route-description.js';
import { described, filled, flag, object, oneOf } from '../schema-words.js';

export const CHAT: AreaDescription = {
  path: '/api/donna_logic.php',
  schemas: {
    ReplyMetadata: object({
      profile: oneOf('general', 'sales', 'receptionist', 'marketing'),
      abuse_detected: flag,
      chat_id: described(filled, 'Send it with the next message'),
      authenticated: flag,
    }),
  },
  routes: {
    'donna.chat': {
      tag: 'Chat',
      summary: 'Say something to Donna',
      description:
        'Works without signing in; the turns of somebody who is signed in are kept with his conversations. May take up to a minute.',
      examples: {
        first: {
          summary: 'A first message',
          fields: { message: 'What are your opening hours?', user_profile: 'receptionist' },
        },
        next: {
          summary: 'With what was said before',
          fields: {
            message: 'And on Saturday?',
            chat_history: [
              { role: 'user', content: 'What are your opening hours?' },
              { role: 'assistant', content: 'Monday to Friday, nine to five.' },
            ],
          },
        },
      },
      answers: {
        200: {
          description: 'What she says',
          fields: {
            reply: filled,
            action: described(filled, 'chat, email_sent, classify_lead, …'),
            metadata: { $ref: '#/components/schemas/ReplyMetadata' },
          },
        },
      },
    },
  },
};
