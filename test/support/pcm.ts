const SAMPLE_RATE = 24_000;

/** Speech as a microphone would send it: PCM16 at 24 kHz, a tone of 200 Hz. */
export function speech(ms: number): Buffer {
  const pcm = Buffer.alloc((SAMPLE_RATE * 2 * ms) / 1000);
  for (let at = 0; at < pcm.byteLength; at += 2) {
    pcm.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * 200 * at) / 2 / SAMPLE_RATE)), at);
  }
  return pcm;
}

/** Silence with the soft noise of a room. */
export function silence(ms: number): Buffer {
  const pcm = Buffer.alloc((SAMPLE_RATE * 2 * ms) / 1000);
  for (let at = 0; at < pcm.byteLength; at += 2) pcm.writeInt16LE(((at * 7919) % 61) - 30, at);
  return pcm;
}
