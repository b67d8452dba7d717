import type { AreaDescription } from '../route-description.js';
import { filled, listOf, moment, object, orNull, oneOf, record, ref, text, whole } from '../schema-words.js';
import { STAND_INS } from '../stand-ins.js';

const made = {
  id: filled,
  title: text,
  created_at: moment,
  status: oneOf('active', 'archived', 'closed'),
  message_count: whole,
};

export const CONVERSATIONS: AreaDescription = {
  path: '/api/conversations.php',
  schemas: {
    NewConversation: object(made),
    Conversation: object({
      ...made,
      updated_at: moment,
      last_message_at: orNull(moment),
      last_message_preview: orNull(text),
      metadata: record,
    }),
  },
  routes: {
    'conversations.list': {
      tag: 'Conversations',
      summary: 'List the conversations of the caller',
      description: 'The latest first. May be up to ten seconds old where nothing was written through the gateway.',
      examples: { all: { summary: 'All of them', fields: {} } },
      answers: {
        200: {
          description: 'The conversations',
          fields: { data: listOf(ref('Conversation')), count: whole, user_id: filled },
        },
      },
    },
    'conversations.create': {
      tag: 'Conversations',
      summary: 'Begin a conversation',
      examples: {
        titled: {
          summary: 'With a title, a profile and facts of the client',
          fields: { title: 'Quote for 40 seats', profile: 'sales', metadata: { source: 'mobile' } },
        },
      },
      answers: { 201: { description: 'The conversation', fields: { message: text, data: ref('NewConversation') } } },
    },
    'conversations.update': {
      tag: 'Conversations',
      summary: 'Change a conversation',
      description: 'At least one of title, status and metadata.',
      examples: {
        renamed: { summary: 'A new title', fields: { id: STAND_INS.conversation, title: 'Quote for 50 seats' } },
        archived: { summary: 'Put away', fields: { id: STAND_INS.conversation, status: 'archived' } },
      },
      answers: {
        200: { description: 'The conversation as it is now', fields: { message: text, data: ref('Conversation') } },
      },
      errors: ['NOT_FOUND'],
    },
    'conversations.delete': {
      tag: 'Conversations',
      summary: 'Remove a conversation',
      description: 'The id stands in the query; in a JSON body it is taken as well.',
      fieldsIn: 'query',
      examples: { one: { summary: 'By its id', fields: { id: STAND_INS.conversation } } },
      answers: { 200: { description: 'It is gone', fields: { message: text, data: object({ id: filled }) } } },
      errors: ['NOT_FOUND'],
    },
  },
};
