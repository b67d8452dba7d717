const sampleRate = 16_000;

/** A mono 16-bit WAV of a soft tone (RIFF, PCM); `seconds` is kept between 0.2 and 30. */
export function toneWav(seconds: number, hertz = 220): Buffer {
  const samples = Math.round(Math.min(30, Math.max(0.2, seconds)) * sampleRate);
  const wav = Buffer.alloc(44 + samples * 2);
  wav.write('RIFF', 0, 'ascii');
  wav.writeUInt32LE(36 + samples * 2, 4);
  wav.write('WAVEfmt ', 8, 'ascii');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(sampleRate, 24);
  wav.writeUInt32LE(sampleRate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'ascii');
  wav.writeUInt32LE(samples * 2, 40);
  for (let at = 0; at < samples; at += 1) {
    wav.writeInt16LE(Math.round(6000 * Math.sin((2 * Math.PI * hertz * at) / sampleRate)), 44 + at * 2);
  }
  return wav;
}

/** How long it takes to say a text, about fifteen characters a second. */
export function secondsToSay(text: string): number {
  return text.length / 15;
}
