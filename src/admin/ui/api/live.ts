import type { LiveEvents } from '../../admin-api.js';
import { createStore } from '../state/store.js';
import { noteRefusal, request } from './access.js';
import { apiUrl } from './addresses.js';
import { ApiError } from './api-error.js';
import { SseParser } from './sse-parser.js';

/** `paused`: nobody looks at the page. */
export type LiveState = 'connecting' | 'live' | 'reconnecting' | 'paused';

type Name = keyof LiveEvents;
type Listener = (data: never) => void;

const BASE_MS = 1000;
const CAP_MS = 30_000;
/** The gateway says something every 15 s. */
const SILENCE_MS = 40_000;

export const liveState = createStore<LiveState>('connecting');
/** Counts up when the stream is there again: what happened meanwhile was not told. */
export const liveRound = createStore(0);

const listeners = new Map<Name, Set<Listener>>();
let running: AbortController | undefined;

export function onLive<N extends Name>(name: N, listener: (data: LiveEvents[N]) => void): () => void {
  const known = listeners.get(name) ?? new Set<Listener>();
  listeners.set(name, known);
  known.add(listener);
  return () => known.delete(listener);
}

/** Keeps the stream open for as long as somebody looks. @returns what ends it */
export function startLive(): () => void {
  const follow = (): void => {
    running?.abort();
    running = undefined;
    if (document.hidden) {
      liveState.set('paused');
      return;
    }
    running = new AbortController();
    void keepOpen(running.signal);
  };
  document.addEventListener('visibilitychange', follow);
  follow();
  return () => {
    document.removeEventListener('visibilitychange', follow);
    running?.abort();
    running = undefined;
  };
}

async function keepOpen(signal: AbortSignal): Promise<void> {
  liveState.set(liveRound.get() === 0 ? 'connecting' : 'reconnecting');
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      await readStream(signal, () => {
        failures = 0;
      });
    } catch (error) {
      if (signal.aborted) return;
      noteRefusal(error);
      if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return;
    }
    if (signal.aborted) return;
    liveState.set('reconnecting');
    await pause(Math.random() * Math.min(CAP_MS, BASE_MS * 2 ** failures), signal);
  }
}

async function readStream(signal: AbortSignal, onOpen: () => void): Promise<void> {
  const silence = new AbortController();
  const both = AbortSignal.any([signal, silence.signal]);
  let timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const answer = await request('GET', apiUrl('live'), { signal: both, accept: 'text/event-stream' });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    if (reader === undefined) return;
    const parser = new SseParser();
    liveState.set('live');
    liveRound.set(liveRound.get() + 1);
    onOpen();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(timer);
      timer = setTimeout(() => silence.abort(), SILENCE_MS);
      for (const { event, data } of parser.push(value)) tell(event, data);
    }
  } finally {
    clearTimeout(timer);
  }
}

function tell(event: string, data: string): void {
  const known = listeners.get(event as Name);
  if (known === undefined || known.size === 0) return;
  const value = JSON.parse(data) as never;
  for (const listener of known) listener(value);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
