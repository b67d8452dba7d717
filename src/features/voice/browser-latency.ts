import type { Metrics } from '../../metrics/index.js';
import type { VoiceEventRecord } from './voice-event.js';

const PATH = { path: 'browser' } as const;

/** What browsers report of how long a person waited, in the histograms of the realtime part. Whoever may report may lie. */
export class BrowserLatency {
  private readonly token;
  private readonly byName: ReadonlyMap<string, ReturnType<BrowserLatency['withPath']>>;

  constructor(private readonly metrics: Metrics) {
    // Not that of the gateway's own work, to which a browser adds the network.
    this.token = metrics.histogram(
      'donna_realtime_browser_token_seconds',
      'Time to get a client secret, as browsers report it.',
    );
    this.byName = new Map([
      ['connect', this.withPath('donna_realtime_connect_seconds', 'Time to open a session at the provider.')],
      [
        'first_audio',
        this.withPath('donna_realtime_first_audio_seconds', 'Time from asking for a response to its first audio.'),
      ],
      [
        'first_transcript',
        this.withPath('donna_realtime_first_transcript_seconds', 'Time from asking for a response to its first words.'),
      ],
    ]);
  }

  observe({ name, ms }: NonNullable<VoiceEventRecord['latency']>): void {
    if (name === 'token') this.token.observe(ms / 1000);
    else this.byName.get(name)?.observe(PATH, ms / 1000);
  }

  private withPath(name: string, help: string) {
    return this.metrics.histogram(name, help, ['path']);
  }
}
