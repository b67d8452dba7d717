import { api, notice } from './donna.js';

const SHORTEST_MS = 300;

/** A talk message by message, over the application's own API: recorded, understood, answered, read out. */
export class RecordedTalk {
  #parts;
  #transcript;
  #audio;
  #voice = '';
  #chat = null;
  #recorder = null;
  #isHeld = false;
  /** As LiveTalk's. */
  letGo = () => undefined;

  /** @param audio the element that plays, with its controls, since a browser may refuse to play by itself */
  constructor(parts, transcript, audio) {
    this.#parts = parts;
    this.#transcript = transcript;
    this.#audio = audio;
    this.#show('idle', 'Ready.');
  }

  async loadVoices() {
    const { voices } = await api('api/voice-chat.php', { method: 'POST', json: { action: 'get_voices' } });
    return voices.map(({ voice_id: id, name }) => ({ id, name }));
  }

  chooseVoice(id) {
    this.#voice = id;
  }

  async press() {
    if (this.#isHeld) return;
    this.#isHeld = true;
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      this.letGo();
      notice('There is no microphone to use here. You can write instead.');
      return;
    }
    const end = () => stream.getTracks().forEach((track) => track.stop());
    if (!this.#isHeld) {
      end();
      return;
    }
    const parts = [];
    const start = performance.now();
    const recorder = new MediaRecorder(stream);
    recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
    recorder.addEventListener('stop', () => {
      end();
      if (performance.now() - start >= SHORTEST_MS) this.#hear(new Blob(parts, { type: recorder.mimeType }));
    });
    recorder.start();
    this.#recorder = recorder;
    this.#show('listening', 'Speak now…');
  }

  release() {
    this.#isHeld = false;
    if (this.#recorder?.state !== 'recording') return;
    this.#show('idle', 'Ready.');
    this.#recorder.stop();
  }

  async say(message) {
    this.#transcript.add('mine', message);
    this.#show('thinking', 'Donna thinks…');
    try {
      const answer = await api('api/donna_logic.php', { method: 'POST', json: { message, user_profile: 'receptionist', ...(this.#chat === null ? {} : { chat_id: this.#chat }) } });
      this.#chat = answer.metadata.chat_id;
      this.#transcript.add('', answer.reply);
      this.#show('thinking', 'Donna finds her voice…');
      const speech = await api('api/voice-chat.php', { method: 'POST', json: { action: 'text_to_speech', text: answer.reply.slice(0, 5000), ...(this.#voice === '' ? {} : { voice_id: this.#voice }) } });
      await this.#play(speech.audio_data, speech.content_type);
    } catch (error) {
      this.#transcript.add('failed', error.message);
    } finally {
      this.#show('idle', 'Ready.');
    }
    return true;
  }

  async #hear(blob) {
    this.#show('thinking', 'Donna listens…');
    const form = new FormData();
    form.append('action', 'upload_audio');
    form.append('audio', blob, 'speech');
    try {
      const { transcript } = await api('api/voice-chat.php', { method: 'POST', form });
      if (transcript.trim() !== '') await this.say(transcript);
    } catch (error) {
      notice(error.message);
    } finally {
      this.#show('idle', 'Ready.');
    }
  }

  #play(base64, type) {
    const audio = this.#audio;
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    if (audio.src !== '') URL.revokeObjectURL(audio.src);
    audio.src = URL.createObjectURL(new Blob([bytes], { type: type || 'audio/mpeg' }));
    audio.hidden = false;
    return audio.play().catch(() => undefined);
  }

  #show(stage, text) {
    this.#parts.stage = stage;
    this.#parts.state.textContent = text;
  }
}
