import { BYTES_PER_MS } from './pcm-buffer.js';

/**
 * What was said, by its length alone: the stand-in cannot understand speech. The same length is always taken for the same
 * sentence, so that tests and the fake microphone of a browser know what follows.
 */
export function whatWasSaid(pcm: Buffer): string {
  const seconds = pcm.byteLength / BYTES_PER_MS / 1000;
  const [, sentence] = sentences.find(([below]) => seconds < below) ?? [0, 'Could a person call me back, please?'];
  return sentence;
}

const sentences: ReadonlyArray<readonly [number, string]> = [
  [1.5, 'Hello.'],
  [4, 'I would like to book an appointment.'],
  [8, 'What are your prices, and could somebody send me an offer?'],
];
