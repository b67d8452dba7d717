import { api, day, el, moment, notice, onSubmit } from './donna.js';

const part = (card, name) => document.querySelector(`[data-card="${card}"] [data-part="${name}"]`);

function fill(list, items, empty) {
  list.replaceChildren(...(items.length === 0 ? [el('li', { class: 'wait' }, empty)] : items));
  list.removeAttribute('aria-busy');
}

function figures(list, rows) {
  list.replaceChildren(...rows.map(([label, value]) => el('div', {}, el('dt', {}, label), el('dd', {}, String(value)))));
}

function showSales({ contacts, leads, stats }) {
  figures(part('sales', 'figures'), [['contacts', stats.total_contacts], ['hot leads', stats.hot_leads], ['won', `${Math.round(stats.conversion_rate * 100)} %`]]);
  if (leads === undefined) return;
  const names = new Map(contacts.map((contact) => [contact.id, contact.name]));
  fill(part('sales', 'leads'), leads.map((lead) => el('li', {},
    lead.title, ' ', el('span', { class: `tag ${lead.temperature}` }, lead.temperature),
    el('span', { class: 'sub' }, `${names.get(lead.contact_id) ?? ''} · ${lead.status} · score ${lead.score}`))), 'No leads yet.');
}

/** What presses comes first, what is done last; of equals the newest. */
const weight = (task) => (task.status === 'done' ? 2 : task.priority === 'high' ? 0 : 1);

function showSecretary({ tasks, schedule }) {
  fill(part('secretary', 'tasks'), [...tasks].reverse().sort((a, b) => weight(a) - weight(b)).slice(0, 8).map((task) => el('li', {},
    el('span', { class: task.status === 'done' ? 'done' : null }, task.title), ' ',
    task.priority === 'high' ? el('span', { class: 'tag high' }, 'high') : null,
    task.due === null ? null : el('span', { class: 'sub' }, `due ${day(task.due)}`))), 'Nothing to do.');
  fill(part('secretary', 'meetings'), schedule.meetings.map((meeting) => el('li', {},
    meeting.title, el('span', { class: 'sub' }, `${moment(meeting.starts_at)} · ${meeting.with} · ${meeting.place}`))), 'No meetings.');
}

function mail(email) {
  const row = el('li', {},
    el('div', {},
      el('span', { class: email.unread ? 'unread' : null }, email.subject), ' ', el('span', { class: `tag ${email.category}` }, email.category),
      el('span', { class: 'sub' }, `${email.from_name} · ${day(email.received_at)}${email.starred ? ' · starred' : ''}`)));
  const button = el('button', { class: 'quiet', type: 'button', click: async () => {
    button.disabled = true;
    try {
      const answer = await api('api/marketing.php', { method: 'POST', json: { action: 'draft_ai_reply', email_id: email.id } });
      row.querySelector('.draft')?.remove();
      row.append(el('p', { class: 'draft', tabindex: '-1' }, answer.draft));
      row.querySelector('.draft').focus();
    } catch (error) {
      notice(error.message);
    } finally {
      button.disabled = false;
    }
  } }, 'Draft a reply');
  button.setAttribute('aria-label', `Draft a reply to ${email.subject}`);
  row.append(button);
  return row;
}

async function loadMails() {
  const category = part('marketing', 'category').value;
  const query = new URLSearchParams({ action: 'inbox', limit: '20', ...(category === '' ? {} : { category }) });
  const { data } = await api(`api/marketing.php?${query}`);
  figures(part('marketing', 'figures'), [['unread', data.stats.unread], ['starred', data.stats.starred], ...Object.entries(data.stats.categories)]);
  fill(part('marketing', 'mails'), data.emails.map(mail), 'Nothing here.');
}

async function guarded(list, work) {
  try {
    await work();
  } catch (error) {
    fill(list, [], error.message);
  }
}

guarded(part('sales', 'leads'), async () => showSales((await api('api/sales/overview.php')).data));
guarded(part('secretary', 'tasks'), async () => showSecretary((await api('api/secretary/dashboard.php?action=get_tasks')).data));
guarded(part('marketing', 'mails'), loadMails);
part('marketing', 'category').addEventListener('change', () => guarded(part('marketing', 'mails'), loadMails));

const contact = document.querySelector('[data-form="contact"]');
onSubmit(contact, async (fields) => {
  const { data } = await api('api/sales/overview.php', { method: 'POST', json: { action: 'add_contact', ...fields } });
  showSales(data);
  contact.reset();
  notice('Contact added.');
});

const task = document.querySelector('[data-form="task"]');
onSubmit(task, async (fields) => {
  showSecretary((await api('api/secretary/dashboard.php', { method: 'POST', json: { action: 'add_task', ...fields } })).data);
  task.reset();
});
