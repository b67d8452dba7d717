import { DecodedCopy } from './decoded-copy.js';
import type { SecretScan } from './secret-scan.js';

/** Bytes that may wait for the decoded copy to be decided; more is an answer that is made not to be read. */
const MOST_WAITING_BYTES = 1024 * 1024;
const CODED_TOO_WELL = 'coding that cannot be looked through';

/** Where an answer goes that has been looked at. */
export interface GateKeeper {
  /** These bytes are clear. */
  release(bytes: Buffer): void;
  /** All that came is clear and was released. */
  onEnd(): void;
  /** The answer must stop here; nothing more is released. */
  onFound(secret: string): void;
  /** Wait with more, and go on. */
  pause(): void;
  resume(): void;
}

/** Lets an answer through behind the search for secrets; `scanOf` makes a search. */
export interface AnswerGate {
  push(chunk: Buffer): void;
  end(): void;
  /** The answer is given up. */
  close(): void;
}

/** A gate for an answer with this `Content-Encoding`. */
export function openGate(field: string | undefined, scanOf: () => SecretScan, keeper: GateKeeper): AnswerGate {
  const codings = (field ?? '').split(',').map((coding) => coding.trim().toLowerCase());
  const [coding = '', ...others] = codings.filter((name) => name !== '' && name !== 'identity');
  if (others.length > 0) return new SealedGate(keeper);
  return DecodedCopy.knows(coding)
    ? new CodedGate(coding, scanOf(), scanOf(), keeper)
    : new PlainGate(scanOf(), keeper);
}

/** What was coded more than once is not looked through, and not let through either, as on routes that read their answers. */
class SealedGate implements AnswerGate {
  constructor(private readonly keeper: GateKeeper) {}

  push(): void {
    this.keeper.onFound(CODED_TOO_WELL);
  }

  end(): void {
    this.keeper.onEnd();
  }

  close(): void {
    // Nothing is held.
  }
}

/** Bytes are what they say: they are looked at and passed on at once. */
class PlainGate implements AnswerGate {
  constructor(
    private readonly scan: SecretScan,
    private readonly keeper: GateKeeper,
  ) {}

  push(chunk: Buffer): void {
    this.pass(this.scan.push(chunk));
  }

  end(): void {
    this.pass(this.scan.end());
    if (this.scan.found === undefined) this.keeper.onEnd();
  }

  close(): void {
    // Nothing is held but a few bytes.
  }

  private pass(bytes: Buffer): void {
    if (this.scan.found !== undefined) this.keeper.onFound(this.scan.found);
    else if (bytes.length > 0) this.keeper.release(bytes);
  }
}

/**
 * Coded bytes pass as they came, each chunk when the decoded copy of it was looked at. The bytes themselves are looked at
 * too: what is said to be gzip may be plain, and be read so by whoever does not ask for gzip.
 */
class CodedGate implements AnswerGate {
  private readonly copy: DecodedCopy;
  private readonly arrived: Buffer[] = [];
  private waiting: Buffer[] = [];
  private waitingBytes = 0;
  private isReadable = true;
  private isBusy = false;
  private hasEnded = false;
  private isClosed = false;

  constructor(
    coding: string,
    private readonly scan: SecretScan,
    private readonly rawScan: SecretScan,
    private readonly keeper: GateKeeper,
  ) {
    this.copy = new DecodedCopy(coding, (piece) => this.scan.push(piece));
  }

  push(chunk: Buffer): void {
    this.arrived.push(chunk);
    if (this.isBusy) return;
    this.isBusy = true;
    this.keeper.pause();
    void this.work();
  }

  end(): void {
    this.hasEnded = true;
    if (!this.isBusy) this.finish();
  }

  close(): void {
    this.isClosed = true;
    this.copy.close();
    this.arrived.length = 0;
    this.waiting = [];
  }

  private async work(): Promise<void> {
    for (let chunk = this.arrived.shift(); chunk !== undefined; chunk = this.arrived.shift()) {
      this.rawScan.push(chunk);
      const outcome = this.isReadable ? await this.copy.write(chunk) : 'broken';
      if (this.isClosed) return;
      if (outcome === 'broken') this.isReadable = false;
      const found = outcome === 'bomb' ? CODED_TOO_WELL : (this.scan.found ?? this.rawScan.found);
      if (found !== undefined) {
        this.stop(found);
        return;
      }
      this.waiting.push(chunk);
      this.waitingBytes += chunk.length;
      const isDecided = !this.rawScan.isUndecided && !(this.isReadable && this.scan.isUndecided);
      if (isDecided) this.releaseAll();
      else if (this.waitingBytes > MOST_WAITING_BYTES) {
        this.stop(CODED_TOO_WELL);
        return;
      }
    }
    this.isBusy = false;
    if (this.hasEnded) this.finish();
    else this.keeper.resume();
  }

  private finish(): void {
    this.scan.end();
    this.rawScan.end();
    const found = this.scan.found ?? this.rawScan.found;
    if (found !== undefined) {
      this.stop(found);
      return;
    }
    this.releaseAll();
    this.close();
    this.keeper.onEnd();
  }

  private releaseAll(): void {
    const { waiting } = this;
    this.waiting = [];
    this.waitingBytes = 0;
    for (const chunk of waiting) this.keeper.release(chunk);
  }

  private stop(found: string): void {
    this.close();
    this.keeper.onFound(found);
  }
}
