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
  ref,
  text,
  whole,
} from '../schema-words.js';
import { VOICE_EVENT_ANSWER, VOICE_EVENT_EXAMPLE } from './marketing.js';

const tasks: RouteDescription = {
  tag: 'Secretary',
  summary: 'Read the tasks and meetings',
  examples: { all: { summary: 'All of them', fields: {} } },
  answers: {
    200: {
      description: 'Tasks and meetings',
      fields: { data: object({ tasks: listOf(ref('Task')), schedule: ref('Schedule') }) },
    },
  },
};

export const SALES: AreaDescription = {
  path: '/api/sales/overview.php',
  schemas: {
    Contact: object({
      id: filled,
      name: text,
      email: orNull(text),
      phone: orNull(text),
      company: orNull(text),
      created_at: moment,
    }),
    Lead: object({
      id: filled,
      status: oneOf('new', 'contacted', 'qualified', 'won', 'lost'),
      temperature: oneOf('hot', 'warm', 'cold'),
      score: whole,
    }),
    SalesStats: object({ total_contacts: whole, hot_leads: whole, conversion_rate: number }),
  },
  routes: {
    'sales.overview': {
      tag: 'Sales',
      summary: 'Read contacts, leads and their numbers',
      examples: { all: { summary: 'All of them', fields: {} } },
      answers: {
        200: {
          description: 'The board',
          fields: {
            data: object({ contacts: listOf(ref('Contact')), leads: listOf(ref('Lead')), stats: ref('SalesStats') }),
          },
        },
      },
    },
    sales: {
      tag: 'Sales',
      summary: 'Change the sales board, or write to a customer',
      serves: { actions: [], isWithoutAction: false },
      answers: {},
    },
    'sales.add-contact': {
      tag: 'Sales',
      summary: 'Add a contact',
      examples: {
        contact: {
          summary: 'With all that is known',
          fields: { name: 'Ada Byron', email: 'ada@byron.example', phone: '+15550100199', company: 'Engines Ltd' },
        },
      },
      answers: {
        200: {
          description: 'The contact',
          fields: { message: text, data: object({ contact: ref('Contact'), stats: ref('SalesStats') }) },
        },
      },
    },
    'sales.update-lead': {
      tag: 'Sales',
      summary: 'Change a lead',
      description: 'At least one of status, temperature, score and notes.',
      examples: {
        won: { summary: 'A lead that became a customer', fields: { lead_id: 'lead-001', status: 'won', score: 95 } },
      },
      answers: {
        200: {
          description: 'The lead',
          fields: { message: text, data: object({ lead: ref('Lead'), stats: ref('SalesStats') }) },
        },
      },
      errors: ['NOT_FOUND'],
    },
    'sales.message': {
      tag: 'Sales',
      summary: 'Send a mail, or a text message to a telephone',
      examples: {
        send_text: { summary: 'A text message', fields: { to: '+15550100101', text: 'Your quote is in the mail.' } },
        send_email: {
          summary: 'A mail',
          fields: { to: 'priya@northwind.example', subject: 'Your quote', body: 'Dear Priya, here it is.' },
        },
      },
      answers: {
        200: {
          description: 'It is taken, and will be sent',
          fields: { message: text, message_id: filled, status: described(filled, 'queued') },
        },
      },
      errors: ['MAIL_NOT_CONFIGURED'],
    },
    'sales.voice-event': {
      tag: 'Sales',
      summary: 'Record a voice event',
      examples: { voiceEvent: VOICE_EVENT_EXAMPLE },
      answers: VOICE_EVENT_ANSWER,
    },
  },
};

export const SECRETARY: AreaDescription = {
  path: '/api/secretary/dashboard.php',
  schemas: {
    Task: object({
      id: filled,
      title: text,
      due: orNull(text),
      priority: oneOf('low', 'normal', 'high'),
      notes: text,
      status: text,
      created_at: moment,
    }),
    Schedule: object({
      meetings: listOf(
        object({ id: filled, title: text, starts_at: moment, ends_at: moment, with: text, place: text }),
      ),
    }),
  },
  routes: {
    'secretary GET': { ...tasks, serves: { actions: [], isWithoutAction: true } },
    'secretary POST': {
      tag: 'Secretary',
      summary: 'Read or add tasks, or record a voice event',
      serves: { actions: ['voice_event'], isWithoutAction: false, summary: 'Record a voice event' },
      examples: { voiceEvent: VOICE_EVENT_EXAMPLE },
      answers: VOICE_EVENT_ANSWER,
    },
    'secretary.tasks': tasks,
    'secretary.add-task GET': null,
    'secretary.add-task POST': {
      tag: 'Secretary',
      summary: 'Add a task',
      examples: {
        task: { summary: 'Until a day', fields: { title: 'Call Northwind', due: '2026-12-01', priority: 'high' } },
      },
      answers: {
        200: {
          description: 'The task, and all of them',
          fields: {
            message: text,
            data: object({ task: ref('Task'), tasks: listOf(ref('Task')), schedule: ref('Schedule') }),
          },
        },
      },
    },
  },
};

export const SYSTEM_STATS: AreaDescription = {
  path: '/api/system-stats.php',
  routes: {
    'system.stats': {
      tag: 'System',
      summary: 'Read the numbers of the application',
      examples: { week: { summary: 'Of a week, with details', fields: { period: 'week', detailed: true } } },
      answers: {
        200: {
          description: 'The numbers',
          fields: {
            data: object(
              {
                period: oneOf('hour', 'day', 'week', 'month'),
                since: moment,
                generated_at: moment,
                activity: object({ conversations: whole, voice_events: whole, webhooks: whole }),
                mailbox: object({ unread: whole, starred: whole }),
                sales: ref('SalesStats'),
                runtime: object({ php_version: text, has_sodium: flag, mail_configured: flag }),
                mails_sent: whole,
              },
              ['runtime', 'mails_sent'],
            ),
          },
        },
      },
    },
  },
};
