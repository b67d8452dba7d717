import { api, el, moment, notice, onSubmit } from './donna.js';
import { onHold } from './hold.js';
import { findLiveTalk, LiveTalk, TalkParts } from './live-talk.js';
import { Transcript } from './transcript.js';

const transcript = new Transcript(document.getElementById('turns'));
const say = document.getElementById('say');
const list = document.getElementById('list');
const settings = document.getElementById('settings');
let chat = null;
let profile = 'general';
let greeting = '';
let talk = null;

function open(id, title) {
  chat = id;
  talk?.close();
  transcript.clear();
  transcript.add('', id === null ? greeting : `We go on with “${title}”.`);
  say.elements.message.focus();
}

async function loadList() {
  const { data } = await api('api/conversations.php');
  list.replaceChildren(...(data.length === 0 ? [el('li', { class: 'wait' }, 'None yet.')] : data.slice(0, 12).map((conversation) => el('li', {},
    el('button', { class: 'pick', type: 'button', click: () => open(conversation.id, conversation.title) },
      conversation.title,
      el('span', { class: 'sub' }, `${moment(conversation.updated_at)} · ${conversation.message_count} messages`))))));
}

function showSettings(data) {
  for (const name of ['greeting', 'themeColor', 'position', 'theme', 'language']) settings.elements[name].value = data[name];
  profile = typeof data.profile === 'string' ? data.profile : data.profile.role;
  settings.elements.profile.value = profile;
  greeting = data.greeting;
  // A script may set a style property under a strict policy; a style attribute it may not.
  transcript.log.style.setProperty('border-top', `3px solid ${data.themeColor}`);
}

onSubmit(say, async ({ message }) => {
  transcript.add('mine', message);
  say.reset();
  try {
    const answer = await api('api/donna_logic.php', { method: 'POST', json: { message, user_profile: profile, ...(chat === null ? {} : { chat_id: chat }) } });
    chat = answer.metadata.chat_id;
    transcript.add('', answer.reply);
    await loadList();
  } catch (error) {
    transcript.add('failed', error.message);
  }
});
say.elements.message.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    say.requestSubmit();
  }
});
onSubmit(settings, async (fields) => {
  showSettings((await api('api/chatbot_settings.php', { method: 'PUT', json: fields })).data);
  notice('Settings saved.');
});
document.getElementById('reset').addEventListener('click', async () => {
  try {
    showSettings((await api('api/chatbot_settings.php', { method: 'DELETE' })).data);
    notice('Settings reset.');
  } catch (error) {
    notice(error.message);
  }
});
document.getElementById('fresh').addEventListener('click', () => open(null, ''));

async function offerTalk() {
  const createVoiceSession = await findLiveTalk();
  if (createVoiceSession === null) return;
  const root = document.querySelector('[data-talk]');
  const parts = new TalkParts(root);
  talk = new LiveTalk(createVoiceSession, parts, transcript, () => {
    root.hidden = true;
    talk = null;
    notice('Live talk is switched off at the moment. You can still write.');
  });
  talk.letGo = onHold(parts.push, { press: () => talk?.press(), release: () => talk?.release() });
  root.hidden = false;
}

offerTalk();
try {
  showSettings((await api('api/chatbot_settings.php')).data);
  open(null, '');
  await loadList();
} catch (error) {
  notice(error.message);
}
