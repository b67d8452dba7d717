import type { Metrics } from '../metrics/index.js';
import { type Latency, readCounts, readLatency } from './read-metrics.js';

/** What the realtime part measures; latencies in seconds. */
export class RealtimeMetrics {
  private readonly tokens;
  private readonly connects;
  private readonly firstAudio;
  private readonly firstTranscript;
  private readonly closes;
  private readonly deprecatedConnects;

  constructor(private readonly metrics: Metrics) {
    this.tokens = metrics.histogram('donna_realtime_token_seconds', 'Time to issue a client secret.', ['outcome']);
    this.connects = metrics.histogram('donna_realtime_connect_seconds', 'Time to open a session at the provider.', [
      'path',
    ]);
    this.firstAudio = metrics.histogram(
      'donna_realtime_first_audio_seconds',
      'Time from asking for a response to its first audio.',
      ['path'],
    );
    this.firstTranscript = metrics.histogram(
      'donna_realtime_first_transcript_seconds',
      'Time from asking for a response to its first words.',
      ['path'],
    );
    this.closes = metrics.counter('donna_realtime_closes_total', 'Sockets of /realtime that have ended.', ['code']);
    this.deprecatedConnects = metrics.counter(
      'donna_realtime_deprecated_connect_total',
      'Uses of the deprecated frame connect.',
    );
  }

  /** `outcome`: `issued` or the error code of the refusal, in small letters. */
  tokenAsked(outcome: string, ms: number): void {
    this.tokens.observe({ outcome }, ms / 1000);
  }

  connected(ms: number): void {
    this.connects.observe({ path: 'proxy' }, ms / 1000);
  }

  firstAudioAfter(ms: number): void {
    this.firstAudio.observe({ path: 'proxy' }, ms / 1000);
  }

  firstTranscriptAfter(ms: number): void {
    this.firstTranscript.observe({ path: 'proxy' }, ms / 1000);
  }

  closed(code: string): void {
    this.closes.inc({ code });
  }

  deprecatedConnect(): void {
    this.deprecatedConnects.inc();
  }

  /** How long things took since this process started. */
  async latency(): Promise<Readonly<Record<'token' | 'connect' | 'firstAudio' | 'firstTranscript', Latency>>> {
    const [token, connect, firstAudio, firstTranscript] = await Promise.all([
      readLatency(this.tokens, { outcome: 'issued' }),
      readLatency(this.connects),
      readLatency(this.firstAudio),
      readLatency(this.firstTranscript),
    ]);
    return { token, connect, firstAudio, firstTranscript };
  }

  /** How many sockets ended by which code. */
  async closesByCode(): Promise<readonly { readonly code: string; readonly count: number }[]> {
    return (await readCounts(this.closes, 'code')).map(({ value, count }) => ({ code: value, count }));
  }

  /** `count` is asked whenever the metrics are read. */
  countSessions(count: () => number): void {
    this.metrics.gauge('donna_realtime_sessions', 'Sockets of /realtime that are open.', [], (gauge) =>
      gauge.set(count()),
    );
  }
}
