import { setTimeout as sleep } from 'node:timers/promises';
import { type ProviderCall } from './provider-call.js';

/** Milliseconds that `#stub:slow` waits before it answers. */
export const slowMs = 5000;

/**
 * Lets a test ask for a failure in the message itself: `#stub:429`, `#stub:500`, `#stub:garbage` are answered here
 * (true), `#stub:slow` only waits, for as long as the client stays.
 */
export async function failsAsAsked(call: ProviderCall, message: string): Promise<boolean> {
  const word = /#stub:(429|500|slow|garbage)\b/.exec(message)?.[1];
  if (word === '429') {
    call.response.setHeader('retry-after', '2');
    call.json(429, openAiError('Rate limit reached. Please try again in 2s.', 'requests', 'rate_limit_exceeded'));
  } else if (word === '500') {
    call.json(500, openAiError('The server had an error while processing your request.', 'server_error', null));
  } else if (word === 'garbage') {
    call.bytes(200, 'application/json', Buffer.from('{"id":"chatcmpl-stub","choices":[{"mess'));
  } else if (word === 'slow') {
    const left = new AbortController();
    call.response.once('close', () => left.abort());
    await sleep(slowMs, undefined, { signal: left.signal }).catch(() => undefined);
    return left.signal.aborted;
  }
  return word !== undefined && word !== 'slow';
}

/** OpenAI's shape of an error. */
export function openAiError(message: string, type: string, code: string | null): object {
  return { error: { message, type, param: null, code } };
}
