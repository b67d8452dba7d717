import { api, el, notice, onSubmit } from './donna.js';

const state = document.getElementById('state');
const turns = document.getElementById('turns');
const push = document.getElementById('push');
const say = document.getElementById('say');
const voice = document.getElementById('voice');
const audio = document.getElementById('audio');
const SHORTEST_MS = 300;
let chat = null;
let recorder = null;
let isHeld = false;

function turn(kind, text) {
  turns.append(el('li', { class: kind }, text));
  turns.scrollTop = turns.scrollHeight;
}

function play(base64, type) {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  if (audio.src !== '') URL.revokeObjectURL(audio.src);
  audio.src = URL.createObjectURL(new Blob([bytes], { type: type || 'audio/mpeg' }));
  audio.hidden = false;
  // A browser may refuse to play by itself; the controls are there.
  return audio.play().catch(() => undefined);
}

async function talk(message) {
  turn('mine', message);
  state.textContent = 'Donna thinks…';
  try {
    const answer = await api('api/donna_logic.php', { method: 'POST', json: { message, user_profile: 'receptionist', ...(chat === null ? {} : { chat_id: chat }) } });
    chat = answer.metadata.chat_id;
    turn('', answer.reply);
    state.textContent = 'Donna finds her voice…';
    const speech = await api('api/voice-chat.php', { method: 'POST', json: { action: 'text_to_speech', text: answer.reply.slice(0, 5000), ...(voice.value === '' ? {} : { voice_id: voice.value }) } });
    await play(speech.audio_data, speech.content_type);
  } catch (error) {
    turn('failed', error.message);
  } finally {
    state.textContent = 'Ready.';
  }
}

async function hear(blob) {
  state.textContent = 'Donna listens…';
  const form = new FormData();
  form.append('action', 'upload_audio');
  form.append('audio', blob, 'speech');
  try {
    const { transcript } = await api('api/voice-chat.php', { method: 'POST', form });
    if (transcript.trim() !== '') await talk(transcript);
  } catch (error) {
    notice(error.message);
  } finally {
    state.textContent = 'Ready.';
  }
}

async function press() {
  if (isHeld) return;
  isHeld = true;
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    isHeld = false;
    notice('There is no microphone to use here. You can write instead.');
    return;
  }
  const end = () => stream.getTracks().forEach((track) => track.stop());
  if (!isHeld) {
    end();
    return;
  }
  const parts = [];
  const start = performance.now();
  recorder = new MediaRecorder(stream);
  recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
  recorder.addEventListener('stop', () => {
    end();
    if (performance.now() - start >= SHORTEST_MS) hear(new Blob(parts, { type: recorder.mimeType }));
  });
  recorder.start();
  push.setAttribute('aria-pressed', 'true');
  state.textContent = 'Speak now…';
}

function release() {
  isHeld = false;
  push.setAttribute('aria-pressed', 'false');
  if (recorder?.state === 'recording') {
    state.textContent = 'Ready.';
    recorder.stop();
  }
}

push.addEventListener('pointerdown', (event) => {
  push.setPointerCapture(event.pointerId);
  press();
});
for (const name of ['pointerup', 'pointercancel', 'blur']) push.addEventListener(name, release);
push.addEventListener('keydown', (event) => {
  if (event.key === ' ' || event.key === 'Enter') {
    event.preventDefault();
    press();
  }
});
push.addEventListener('keyup', (event) => {
  if (event.key === ' ' || event.key === 'Enter') release();
});
onSubmit(say, async ({ message }) => {
  say.reset();
  await talk(message);
});

try {
  const { voices } = await api('api/voice-chat.php', { method: 'POST', json: { action: 'get_voices' } });
  voice.append(...voices.map(({ voice_id: id, name }) => el('option', { value: id }, name)));
} catch {
  // Without the list the standard voice speaks.
}
