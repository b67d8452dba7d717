import { el } from './donna.js';

/** By their names at the provider, of which the gateway allows these. */
const VOICES = ['alloy', 'ash', 'ballad', 'cedar', 'coral', 'echo', 'marin', 'sage', 'shimmer', 'verse'];
const FIGURES = { token: 'Permission', connect: 'Connection', first_audio: 'First sound', first_transcript: 'First words' };
const PATHS = { direct: '', proxy: ', through the gateway' };
const IDLE = 'Ready. Hold the button and speak, or write.';
const OVER = ['idle', 'closed', 'failed'];

/**
 * What the gateway in front has for live talk: its `createVoiceSession`, or null where no gateway is, or its realtime is off.
 * Asked by /api/health, which answers well in both cases.
 */
export async function findLiveTalk() {
  try {
    const answer = await fetch('api/health', { headers: { Accept: 'application/json' }, credentials: 'same-origin' });
    const { checks } = await answer.json();
    if ((checks?.realtime ?? 'off') === 'off') return null;
    const { createVoiceSession } = await import('../realtime/donna-realtime.js');
    return createVoiceSession;
  } catch {
    return null;
  }
}

/** The parts of a page with which a person holds a button to talk, and sees how it goes (lib/Page/TalkParts.php). */
export class TalkParts {
  constructor(root) {
    this.root = root;
    for (const name of ['push', 'state', 'trouble', 'again', 'sign-in', 'end', 'timing']) this[name] = root.querySelector(`[data-part="${name}"]`);
  }

  set stage(name) {
    this.root.dataset.state = name;
  }

  /** As before any talk. */
  reset() {
    this.stage = 'idle';
    this.tellTrouble('');
    for (const name of ['again', 'sign-in', 'end', 'timing']) this[name].hidden = true;
  }

  /** What went wrong, until the next attempt; '' for nothing. */
  tellTrouble(text) {
    this.trouble.textContent = text;
    this.trouble.hidden = text === '';
  }
}

/** A live conversation by voice or in writing, over the gateway's client library. */
export class LiveTalk {
  /** Lets the button go: there is nobody to talk to any more, or nothing to talk with. Whoever holds it sets this. */
  letGo = () => undefined;
  voices = VOICES.map((id) => ({ id, name: id[0].toUpperCase() + id.slice(1) }));
  #parts;
  #transcript;
  #session;
  #onSwitchedOff;
  #isHeld = false;
  #hasTalked = false;
  /** What is spoken now has its place in the transcript. */
  #isAwaited = false;
  #isSwitchedOff = false;

  /** @param onSwitchedOff live talk was switched off since the page was loaded */
  constructor(createVoiceSession, parts, transcript, onSwitchedOff) {
    this.#parts = parts;
    this.#transcript = transcript;
    this.#onSwitchedOff = onSwitchedOff;
    this.#session = createVoiceSession({ csrfToken: document.querySelector('meta[name="csrf-token"]')?.content });
    this.#session.on('state', ({ detail }) => this.#showState(detail));
    this.#session.on('transcript', ({ detail }) => transcript.show(detail));
    this.#session.on('latency', ({ detail }) => this.#showFigure(detail));
    this.#session.on('error', ({ detail }) => this.#showTrouble(detail));
    parts.state.textContent = IDLE;
    parts.again.addEventListener('click', () => {
      // The button goes: who came by keyboard stands at the next one.
      parts.push.focus();
      this.#connect();
    });
    parts.end.addEventListener('click', () => {
      parts.push.focus();
      this.#session.close();
    });
    // A page that is left gives the microphone back, also when it is kept for the way back.
    addEventListener('pagehide', () => this.close());
  }

  async press() {
    this.#isHeld = true;
    if (await this.#connect() && this.#isHeld) await this.#session.startTalking();
  }

  release() {
    this.#isHeld = false;
    this.#isAwaited = this.#session.state === 'listening';
    if (this.#isAwaited) this.#transcript.awaitSpeech();
    return this.#session.stopTalking();
  }

  /** Whether it was said. */
  async say(text) {
    if (!await this.#connect()) return false;
    this.#session.say(text);
    return true;
  }

  /** @param id '' for the standard voice */
  chooseVoice(id) {
    this.#session.setVoice(id === '' ? undefined : id);
  }

  close() {
    if (!OVER.includes(this.#session.state)) this.#session.close();
  }

  /** Must begin in the person's own click or key, or else the browser plays no sound. */
  async #connect() {
    const isNew = OVER.includes(this.#session.state);
    this.#parts.tellTrouble('');
    try {
      await this.#session.connect();
    } catch {
      // The session has told it by its state and its error.
      return false;
    }
    if (isNew && this.#hasTalked) this.#transcript.add('note', 'A new conversation');
    this.#hasTalked = true;
    return true;
  }

  #showState({ state, reason, message }) {
    // The parts are somebody else's now.
    if (this.#isSwitchedOff) return;
    const { again, end, 'sign-in': signIn } = this.#parts;
    const isOver = OVER.includes(state);
    this.#parts.stage = state;
    this.#parts.state.textContent = state === 'failed' ? 'Donna is not on the line.' : message;
    signIn.hidden = reason !== 'unauthenticated' || state !== 'failed';
    signIn.href = `login.php?next=${encodeURIComponent(location.pathname)}`;
    again.hidden = !['closed', 'failed'].includes(state) || !signIn.hidden;
    again.textContent = state === 'failed' ? 'Try again' : 'Begin again';
    end.hidden = isOver;
    if (isOver || state === 'ready') this.#transcript.settle();
    else if (state !== 'speaking') this.#transcript.pause();
    if (isOver) this.letGo();
  }

  #showTrouble({ code, message }) {
    if (code === 'disabled') {
      this.#isSwitchedOff = true;
      this.#onSwitchedOff();
      return;
    }
    if (code === 'too_short' && this.#isAwaited) this.#transcript.forgetSpeech();
    if (code.startsWith('microphone_') || code === 'audio_unsupported') this.letGo();
    // The state says that by itself.
    if (code !== 'ended') this.#parts.tellTrouble(message);
  }

  #showFigure({ name, ms, path }) {
    const { timing } = this.#parts;
    const figures = timing.querySelector('dl');
    const row = figures.querySelector(`[data-figure="${name}"]`) ?? el('div', { 'data-figure': name });
    row.replaceChildren(el('dt', {}, FIGURES[name] ?? name), el('dd', {}, `${Math.round(ms)} ms${PATHS[path] ?? ''}`));
    figures.append(row);
    timing.hidden = false;
  }
}
