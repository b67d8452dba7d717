import { WebSocket } from 'ws';
import { LOST_AFTER_MS } from '../ask.mjs';

const FRAMES = 3;

/** A voice session: signs in, is connected, and hears each of its frames again. */
export const VOICE = { 'voice session': { weight: 2, run: speak } };

function speak(site, chance, nonce) {
  const subject = chance.one(site.callers.subjects);
  const audio = Array.from({ length: FRAMES }, (_, i) => Buffer.from(`${nonce}${i}-`.repeat(20)).toString('base64'));
  const heard = [];
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${site.port}/realtime`);
    const say = (event) => socket.send(JSON.stringify(event));
    let wrong;
    let isHeard = false;
    const timer = setTimeout(() => {
      wrong = `lost: heard ${heard.length} of ${FRAMES} frames`;
      socket.terminate();
    }, LOST_AFTER_MS);
    socket.on('open', () => say({ type: 'authenticate', token: site.callers.tokenOf(subject) }));
    socket.on('message', (data) => {
      const event = JSON.parse(data.toString());
      if (event.type === 'auth_success') say({ type: 'connect_realtime' });
      else if (event.type === 'realtime_connected')
        for (const each of audio) say({ type: 'input_audio_buffer.append', audio: each });
      else if (event.type === 'error') wrong = `unexpected: ${data.toString()}`;
      else if (event.type === 'response.output_audio.delta') {
        heard.push(event.delta);
        if (heard.length < FRAMES) return;
        isHeard = true;
        wrong = heard.join() === audio.join() ? undefined : `crossed: ${heard.join()}`;
        if (chance.next() < 0.5) socket.terminate();
        else socket.close();
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', (code, reason) => {
      clearTimeout(timer);
      resolve(isHeard ? wrong : (wrong ?? `lost: ended early, ${code} ${reason}`));
    });
  });
}
