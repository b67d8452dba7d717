import type { Database } from '../../database/index.js';
import type { ParityStore } from '../parity/index.js';
import type { EvidenceBook } from './evidence-book.js';
import type { EvidenceStore } from './evidence-store.js';
import type { RouteEvidence } from './route-evidence.js';
import { RouteNoise } from './route-noise.js';

/** How far an epoch's evidence is saved. */
interface Saved {
  readonly changes: number;
}

/** Saves what this process saw, and reads what the others did: a crash costs the seconds since the last round. */
export class EvidenceKeeper {
  private readonly saved = new WeakMap<RouteEvidence, Saved>();
  /** Of epochs that have ended and could not be saved yet. */
  private ended: RouteEvidence[] = [];

  constructor(
    private readonly book: EvidenceBook,
    private readonly store: EvidenceStore,
    private readonly parity: ParityStore,
    private readonly database: Database,
    private readonly instance: string,
  ) {}

  /** Whether the database may be asked without being made or started for this alone: evidence is worth no start of seconds. */
  get isReachable(): boolean {
    return this.database.state === 'up' || (this.database.kind === 'embedded' && this.database.hasData);
  }

  /** One round; `isLast`: this process ends. @throws what the database throws; what could not be saved is tried again */
  async run(isLast = false): Promise<void> {
    this.ended = [...this.ended, ...this.book.takeRetired()].slice(-100);
    if (!this.isReachable) return;
    while (this.ended.length > 0) {
      const [evidence] = this.ended;
      if (evidence !== undefined) await this.save(evidence, true);
      this.ended.shift();
    }
    for (const evidence of this.book.all()) {
      await this.save(evidence, isLast);
      const noise = this.book.noiseOf(evidence.name);
      if (noise instanceof RouteNoise) await this.saveNoise(evidence.name, noise);
    }
    await this.saveParity();
    // Embedded: nobody else writes, and nothing is started to look.
    if (this.database.kind === 'postgres' && !isLast) await this.readPeers();
  }

  private async save(evidence: RouteEvidence, isLast: boolean): Promise<void> {
    const { changes } = evidence;
    const before = this.saved.get(evidence);
    await this.store.saveSamples(evidence.name, evidence.epoch, evidence.takeUnsavedSamples());
    if (changes === (before?.changes ?? 0) && !(isLast && before !== undefined)) return;
    const taken = await this.store.save(evidence, { isFirst: before === undefined, isLast });
    if (taken === undefined) {
      this.saved.delete(evidence);
      evidence.startAnew();
      return;
    }
    evidence.takeUp(taken);
    this.saved.set(evidence, { changes });
  }

  private async saveParity(): Promise<void> {
    const hours = this.book.parity.take();
    if (hours.length === 0) return;
    try {
      await this.parity.add(hours);
    } catch (error) {
      this.book.parity.giveBack(hours);
      throw error;
    }
  }

  private async saveNoise(route: string, noise: RouteNoise): Promise<void> {
    const learned = noise.unsaved();
    // Embedded: nobody else learns, and nothing is started to look.
    if (learned === undefined && this.database.kind === 'embedded' && (noise.isRead || this.database.state !== 'up'))
      return;
    noise.use(await this.store.noise(route, noise.rulesKey, learned), learned !== undefined);
  }

  private async readPeers(): Promise<void> {
    const open = this.book.all();
    const rows = await this.store.read(open.map(({ epoch }) => epoch));
    for (const evidence of open) {
      const ofEpoch = rows.filter(({ route, epoch }) => route === evidence.name && epoch === evidence.epoch);
      const isMissing = !ofEpoch.some(({ instance }) => instance === this.instance);
      if (isMissing && this.saved.has(evidence)) {
        this.saved.delete(evidence);
        evidence.startAnew();
      }
      evidence.usePeers(ofEpoch.filter(({ instance }) => instance !== this.instance).map((row) => row.evidence));
    }
  }
}
