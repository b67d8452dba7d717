/** Client events of OpenAI's realtime API, as tests send them. */
export function userMessage(text: string, more: object = {}): object {
  return {
    type: 'conversation.item.create',
    item: { type: 'message', role: 'user', content: [{ type: 'input_text', text }], ...more },
  };
}

export function appendAudio(pcm: Buffer): object {
  return { type: 'input_audio_buffer.append', audio: pcm.toString('base64') };
}

export function updateSession(session: object): object {
  return { type: 'session.update', session: { type: 'realtime', ...session } };
}

export const respond = { type: 'response.create' };

/** Turns are the client's own affair, and what it says is transcribed. */
export const pushToTalk = updateSession({
  audio: { input: { turn_detection: null, transcription: { model: 'whisper-1' } } },
});
