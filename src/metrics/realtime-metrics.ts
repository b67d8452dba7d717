import type { Histogram } from 'prom-client';
import type { Metrics } from './metrics.js';

/** `path`: `proxy` as the gateway measures it on `/realtime`, `browser` as a page reports it. */
export interface RealtimeHistograms {
  readonly token: Histogram<'outcome'>;
  readonly browserToken: Histogram;
  readonly connect: Histogram<'path'>;
  readonly firstAudio: Histogram<'path'>;
  readonly firstTranscript: Histogram<'path'>;
}

/** How long a person waits for Donna: measured by the gateway and reported by browsers, so their definition stands once. */
export function realtimeHistograms(metrics: Metrics): RealtimeHistograms {
  return {
    token: metrics.histogram('donna_realtime_token_seconds', 'Issuing a client secret, by outcome.', ['outcome']),
    browserToken: metrics.histogram(
      'donna_realtime_browser_token_seconds',
      'Asking for a client secret, as browsers report it.',
    ),
    connect: metrics.histogram('donna_realtime_connect_seconds', 'Opening the connection to the provider.', ['path']),
    firstAudio: metrics.histogram('donna_realtime_first_audio_seconds', 'Until the first audio of an answer.', [
      'path',
    ]),
    firstTranscript: metrics.histogram(
      'donna_realtime_first_transcript_seconds',
      'Until the first words of a transcript.',
      ['path'],
    ),
  };
}
