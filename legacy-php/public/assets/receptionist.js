import { el, notice, onSubmit } from './donna.js';
import { onHold } from './hold.js';
import { findLiveTalk, LiveTalk, TalkParts } from './live-talk.js';
import { RecordedTalk } from './recorded-talk.js';
import { Transcript } from './transcript.js';

const say = document.getElementById('say');
const voice = document.getElementById('voice');
const parts = new TalkParts(document.querySelector('[data-talk]'));
const transcript = new Transcript(document.getElementById('turns'));

function offerVoices(voices) {
  const [standard] = voice.options;
  voice.replaceChildren(standard, ...voices.map(({ id, name }) => el('option', { value: id }, name)));
  standard.selected = true;
}

function talkByRecordings() {
  const talk = new RecordedTalk(parts, transcript, document.getElementById('audio'));
  // Without the list the standard voice speaks.
  talk.loadVoices().then(offerVoices).catch(() => undefined);
  talk.letGo = letGo;
  return talk;
}

function talkLive(createVoiceSession) {
  const talk = new LiveTalk(createVoiceSession, parts, transcript, () => {
    letGo();
    parts.reset();
    way = Promise.resolve(talkByRecordings());
    notice('Live talk is switched off at the moment. Donna answers message by message.');
  });
  offerVoices(talk.voices);
  talk.letGo = letGo;
  return talk;
}

// What the person does before it is known which way there is waits for that.
let way = findLiveTalk().then((createVoiceSession) => (createVoiceSession === null ? talkByRecordings() : talkLive(createVoiceSession)));
const letGo = onHold(parts.push, {
  press: () => way.then((talk) => talk.press()),
  release: () => way.then((talk) => talk.release()),
});
voice.addEventListener('change', () => way.then((talk) => talk.chooseVoice(voice.value)));
onSubmit(say, async ({ message }) => {
  const talk = await way;
  if (talk instanceof RecordedTalk) say.reset();
  if (await talk.say(message)) say.reset();
});
