import { type CallAnswer, call } from '../support/http-call.js';
import { bearer } from '../support/staged-site.js';

/** A recording that the project ships: its routes, what of them is shown, and the traffic. All of its data is made up. */
export interface FixtureTraffic {
  readonly name: string;
  readonly routes: readonly string[];
  /** Fields whose values are the application's own defaults, and so part of the contract. */
  readonly keep: readonly string[];
  readonly send: (say: Say) => Promise<void>;
}

interface Sent {
  readonly as?: 'eve' | 'bob' | 'nobody' | 'rejected';
  readonly json?: unknown;
  readonly body?: string;
  readonly type?: string;
}

type Say = (method: string, path: string, sent?: Sent) => Promise<CallAnswer>;

const CONVERSATIONS = '/api/conversations.php';
const SETTINGS = '/api/chatbot_settings.php';
const FORM = 'application/x-www-form-urlencoded';
const TOO_LONG = 'x'.repeat(70_000);

/** Speaks to a gateway as these callers. */
export function speakTo(origin: string): Say {
  return (method, path, { as = 'eve', json, body, type } = {}) => {
    const content = json === undefined ? body : JSON.stringify(json);
    const authorization =
      as === 'nobody' ? {} : as === 'rejected' ? { Authorization: 'Bearer a.b.c' } : bearer(`traffic-of-${as}`);
    const contentType = content === undefined ? {} : { 'Content-Type': type ?? 'application/json' };
    return call(origin, path, {
      method,
      headers: { ...authorization, ...contentType },
      ...(content === undefined ? {} : { body: content }),
    });
  };
}

const idOf = (answer: CallAnswer): string => (answer.json() as { data: { id: string } }).data.id;

/** What each route is asked, so that every status of its contract is answered. */
export const TRAFFIC: readonly FixtureTraffic[] = [
  {
    name: 'conversations',
    routes: ['conversations.list', 'conversations.create', 'conversations.update', 'conversations.delete'],
    keep: [],
    send: async (say) => {
      await say('GET', CONVERSATIONS);
      const first = idOf(await say('POST', CONVERSATIONS, { json: { title: 'A first talk with Eve' } }));
      await say('POST', CONVERSATIONS, { json: {} });
      const metadata = { source: 'web', tags: ['a', 'b'], nested: { deep: true, empty: {}, list: [], ratio: 1.5 } };
      await say('POST', CONVERSATIONS, { json: { title: 'Zoë fragt: wie geht’s?', profile: 'sales', metadata } });
      await say('POST', CONVERSATIONS, { body: 'title=By+a+form&profile=general', type: FORM });
      await say('POST', CONVERSATIONS, { json: { title: '', profile: 'nobody', metadata: 'text' } });
      await say('POST', CONVERSATIONS, { json: { title: 'x'.repeat(201) } });
      await say('POST', CONVERSATIONS, { body: '{"title":' });
      await say('POST', CONVERSATIONS, { json: { title: TOO_LONG } });
      await say('POST', CONVERSATIONS, { json: { title: 'mine' }, as: 'nobody' });
      await say('GET', CONVERSATIONS);
      await say('GET', CONVERSATIONS, { as: 'bob' });
      await say('GET', CONVERSATIONS, { as: 'nobody' });
      await say('GET', CONVERSATIONS, { as: 'rejected' });
      await say('PATCH', CONVERSATIONS, { json: { id: first } });
      await say('PUT', CONVERSATIONS, { json: { id: first, title: 'Another title', status: 'archived' } });
      await say('PUT', CONVERSATIONS, { json: { id: first, metadata: {} } });
      await say('PUT', CONVERSATIONS, { json: { id: first } });
      await say('PUT', CONVERSATIONS, { json: { id: first, status: 'lost and found' } });
      await say('PUT', CONVERSATIONS, { json: { title: 'whose?' } });
      await say('PUT', CONVERSATIONS, { json: { id: first, title: 'not his' }, as: 'bob' });
      await say('PUT', CONVERSATIONS, { json: { id: 'conv_0123456789abcdef01234567', title: 'nowhere' } });
      await say('PUT', CONVERSATIONS, { body: '[' });
      await say('PUT', CONVERSATIONS, { json: { id: first, title: TOO_LONG } });
      await say('PUT', CONVERSATIONS, { json: { id: first, title: 'mine' }, as: 'nobody' });
      await say('GET', CONVERSATIONS);
      await say('DELETE', `${CONVERSATIONS}?id=${first}`, { as: 'bob' });
      await say('DELETE', `${CONVERSATIONS}?id=${first}`, { as: 'nobody' });
      await say('DELETE', CONVERSATIONS);
      await say('DELETE', `${CONVERSATIONS}?id=${first}`);
      await say('DELETE', CONVERSATIONS, { json: { id: first } });
      await say('DELETE', CONVERSATIONS, { json: { id: first, title: TOO_LONG } });
      await say('GET', CONVERSATIONS);
    },
  },
  {
    name: 'settings',
    routes: ['settings.get', 'settings.set', 'settings.reset'],
    keep: ['greeting', 'tone', 'companyName', 'businessHours', 'name', 'question', 'answer'],
    send: async (say) => {
      await say('GET', SETTINGS);
      await say('POST', SETTINGS, {
        json: { greeting: 'Good day', themeColor: '#abc', theme: 'dark', language: 'de' },
      });
      await say('PUT', SETTINGS, { json: { position: 'top-left', behavior: { tone: 'dry', responseDelayMs: 250 } } });
      await say('PUT', SETTINGS, {
        json: { knowledge: { faq: [{ question: 'Open?', answer: 'Yes' }], sources: [] }, integrations: { crm: null } },
      });
      await say('PUT', SETTINGS, { json: { profile: { name: 'Dora', role: 'sales' } } });
      await say('GET', SETTINGS);
      await say('POST', SETTINGS, { body: 'profile=marketing&theme=light', type: FORM });
      await say('POST', SETTINGS, { json: { themeColor: 'blue', theme: 'loud', language: 'german', behavior: [1] } });
      await say('PUT', SETTINGS, { json: { colour: '#fff' } });
      await say('PUT', SETTINGS, { json: {} });
      await say('POST', SETTINGS, { body: '{"greeting"' });
      await say('POST', SETTINGS, { json: { greeting: TOO_LONG } });
      await say('POST', SETTINGS, { json: { theme: 'dark' }, as: 'nobody' });
      await say('GET', SETTINGS, { as: 'bob' });
      await say('GET', SETTINGS, { as: 'nobody' });
      await say('GET', SETTINGS, { as: 'rejected' });
      await say('PATCH', SETTINGS, { json: { theme: 'dark' } });
      await say('DELETE', SETTINGS, { as: 'nobody' });
      await say('DELETE', SETTINGS);
      await say('DELETE', SETTINGS);
      await say('DELETE', SETTINGS, { json: { theme: 'x'.repeat(70) }, as: 'bob' });
      await say('GET', SETTINGS);
    },
  },
  {
    name: 'reading',
    routes: ['health.php', 'marketing.inbox', 'sales.overview', 'secretary', 'secretary.tasks'],
    keep: [],
    send: async (say) => {
      await say('GET', '/api/health.php', { as: 'nobody' });
      await say('POST', '/api/health.php', { as: 'nobody', json: {} });
      await say('GET', '/api/marketing.php?action=inbox');
      await say('GET', '/api/marketing.php?action=inbox&limit=2&category=lead');
      await say('GET', '/api/marketing.php?action=inbox&limit=1000&category=friends');
      await say('GET', '/api/marketing.php?action=inbox', { as: 'nobody' });
      await say('GET', '/api/sales/overview.php');
      await say('GET', '/api/sales/overview.php', { as: 'nobody' });
      await say('GET', '/api/secretary/dashboard.php');
      await say('GET', '/api/secretary/dashboard.php', { as: 'nobody' });
      await say('POST', '/api/secretary/dashboard.php', { json: { action: 'voice_event', kind: '!' } });
      await say('GET', '/api/secretary/dashboard.php?action=get_tasks');
      await say('GET', '/api/secretary/dashboard.php?action=get_tasks', { as: 'nobody' });
    },
  },
];
