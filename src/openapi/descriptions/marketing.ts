import type { AreaDescription, RouteDescription } from '../route-description.js';
import {
  described,
  filled,
  flag,
  listOf,
  moment,
  number,
  object,
  oneOf,
  orNull,
  recordOf,
  ref,
  text,
  whole,
} from '../schema-words.js';

const mailbox = { 200: { description: 'The mails and their numbers', fields: { data: ref('Mailbox') } } } as const;
const sent = {
  200: {
    description: 'The mail is taken, and will be sent',
    fields: { message: text, message_id: filled, status: described(filled, 'queued') },
  },
} as const;
const category = oneOf('lead', 'client', 'marketing', 'spam');
const inbox: RouteDescription = {
  tag: 'Marketing',
  summary: 'Read the inbox',
  examples: { leads: { summary: 'Ten leads', fields: { limit: 10, category: 'lead' } } },
  answers: mailbox,
};

export const VOICE_EVENT_ANSWER = {
  200: {
    description: 'The event is recorded',
    fields: { message: text, data: object({ id: filled, board: filled, kind: filled, recorded_at: moment }) },
  },
} as const;
export const VOICE_EVENT_EXAMPLE = {
  summary: 'A voice event',
  fields: { kind: 'transcript', session_id: 'voice_1', text: 'I would like a quote.' },
} as const;

export const MARKETING: AreaDescription = {
  path: '/api/marketing.php',
  schemas: {
    Mail: object(
      {
        id: filled,
        from: text,
        from_name: text,
        subject: text,
        body: text,
        received_at: moment,
        category,
        unread: flag,
        starred: flag,
        answered: flag,
        classification: described(object({ category, confidence: number }), 'With the action classify'),
      },
      ['classification'],
    ),
    Mailbox: object({
      emails: listOf(ref('Mail')),
      count: whole,
      stats: object({ unread: whole, starred: whole, categories: recordOf(whole) }),
    }),
  },
  routes: {
    'marketing GET': { ...inbox, serves: { actions: [], isWithoutAction: true } },
    'marketing POST': {
      tag: 'Marketing',
      summary: 'Send or draft mail, or record a voice event',
      serves: { actions: ['voice_event'], isWithoutAction: false, summary: 'Record a voice event' },
      examples: { voiceEvent: VOICE_EVENT_EXAMPLE },
      answers: VOICE_EVENT_ANSWER,
    },
    'marketing.inbox': inbox,
    'marketing.read-inbox': inbox,
    'marketing.classify': {
      ...inbox,
      summary: 'Read the inbox, each mail with its category',
      examples: { two: { summary: 'Two mails', fields: { limit: 2 } } },
    },
    'marketing.stats': {
      ...inbox,
      summary: 'Count the inbox',
      examples: { all: { summary: 'The numbers alone', fields: {} } },
    },
    'marketing.send': {
      tag: 'Marketing',
      summary: 'Send a mail',
      examples: {
        mail: {
          summary: 'A mail',
          fields: { to: 'priya@northwind.example', subject: 'Your quote', body: 'Dear Priya,\nhere it is.' },
        },
      },
      answers: sent,
      errors: ['MAIL_NOT_CONFIGURED'],
    },
    'marketing.reply': {
      tag: 'Marketing',
      summary: 'Answer a mail of the inbox, or with to and subject another',
      examples: {
        mail: { summary: 'To a mail of the inbox', fields: { email_id: 'mail-002', body: 'Friday at ten is fine.' } },
      },
      answers: sent,
      errors: ['MAIL_NOT_CONFIGURED', 'NOT_FOUND'],
    },
    'marketing.draft': {
      tag: 'Marketing',
      summary: 'Let Donna write a reply',
      description: 'Nothing is sent.',
      examples: {
        notes: { summary: 'To a mail, with notes', fields: { email_id: 'mail-001', body: 'Offer a call on Tuesday.' } },
      },
      answers: {
        200: {
          description: 'The draft',
          fields: {
            message_id: { type: 'null' },
            status: oneOf('draft'),
            draft: text,
            data: object({ to: orNull(text), subject: text, body: text }),
          },
        },
      },
      errors: ['NOT_FOUND'],
    },
  },
};
