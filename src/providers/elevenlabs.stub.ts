import { type ProviderCall } from './provider-call.js';
import { secondsToSay, toneWav } from './tone.js';

const voices = [
  {
    voice_id: '21m00Tcm4TlvDq8ikWAM',
    name: 'Rachel',
    category: 'premade',
    labels: { gender: 'female', accent: 'american' },
    hertz: 220,
  },
  {
    voice_id: 'EXAVITQu4vr4xnSDxMaL',
    name: 'Sarah',
    category: 'premade',
    labels: { gender: 'female', accent: 'american' },
    hertz: 247,
  },
  {
    voice_id: 'JBFqnCBsd6RMkjVDRZzb',
    name: 'George',
    category: 'premade',
    labels: { gender: 'male', accent: 'british' },
    hertz: 131,
  },
];

/** Answers `/elevenlabs/v1/…` as ElevenLabs would; audio is a tone in WAV, as long as the text takes to say. */
export async function answerElevenLabs(call: ProviderCall): Promise<void> {
  if (call.header('xi-api-key') === '') return call.json(401, detail('needs_authorization', 'An API key is required.'));
  const [, action = '', id = ''] = /^\/elevenlabs\/v1\/([a-z-]+)(?:\/([^/]+))?$/.exec(call.url.pathname) ?? [];
  if (call.method === 'GET' && action === 'voices' && id === '') {
    return call.json(200, {
      voices: voices.map(({ hertz, ...voice }) => ({ ...voice, preview_url: null, description: `${hertz} Hz` })),
    });
  }
  if (call.method === 'POST' && id !== '' && (action === 'text-to-speech' || action === 'speech-to-speech')) {
    const voice = voices.find(({ voice_id }) => voice_id === id);
    if (voice === undefined) return call.json(404, detail('voice_not_found', `A voice with id ${id} was not found.`));
    return action === 'text-to-speech' ? speak(call, voice.hertz) : respeak(call, voice.hertz);
  }
  call.json(404, { detail: 'Not Found' });
}

async function speak(call: ProviderCall, hertz: number): Promise<void> {
  const text = (await call.jsonBody())?.['text'];
  if (typeof text !== 'string' || text.trim() === '') {
    return call.json(422, { detail: [{ loc: ['body', 'text'], msg: 'Field required', type: 'missing' }] });
  }
  call.bytes(200, 'audio/wav', toneWav(secondsToSay(text), hertz));
}

/** The answer is about as long as what was sent, taken for 16 kHz of 16 bits. */
async function respeak(call: ProviderCall, hertz: number): Promise<void> {
  const audio = (await call.formBody())?.get('audio');
  if (!(audio instanceof Blob) || audio.size === 0) {
    return call.json(422, { detail: [{ loc: ['body', 'audio'], msg: 'Field required', type: 'missing' }] });
  }
  call.bytes(200, 'audio/wav', toneWav(audio.size / 32_000, hertz));
}

function detail(status: string, message: string): object {
  return { detail: { status, message } };
}
