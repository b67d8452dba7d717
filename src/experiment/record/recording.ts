import { randomBytes } from 'node:crypto';
import { readAction } from '../../routing/index.js';
import type { Exchange } from '../../trace/index.js';
import type { TappedExchange } from './exchange-tap.js';
import { type FixtureFile, printFixture } from './fixture-file.js';
import type { Fixture } from './recorded-exchange.js';
import { redactAnswer } from './redact-answer.js';
import type { ExtraFields } from './redaction/field-rules.js';
import { Redactor } from './redaction/redactor.js';
import { StandIns } from './redaction/stand-ins.js';
import { toRecordedRequest } from './to-recorded-request.js';

/** What is to be recorded, and how much of it. */
export interface RecordingSettings extends ExtraFields {
  readonly name: string;
  readonly routes: readonly string[];
  readonly maxFixtures: number;
  /** Of all fixtures as they are stored. */
  readonly maxBytes: number;
  readonly seconds: number;
  /** Share of the requests, above 0 to 1. */
  readonly sample: number;
  /** Subject of who asked for it. */
  readonly by: string;
}

export type RecordingEnd = 'count' | 'bytes' | 'time' | 'asked' | 'shutdown';

/** Exchanges of the chosen routes that did not become fixtures, by why. */
export interface SkippedExchanges {
  /** By chance. */
  notSampled: number;
  /** Too many were being recorded at the time. */
  busy: number;
  /** The native handler answered, or an arm was chosen by hand. */
  notPhp: number;
  /** The answer is longer than a fixture may be. */
  tooLarge: number;
  /** The client left, or a limit or a dead upstream spoke for PHP. */
  notTelling: number;
  /** It could not be read: a fault of the recording. */
  failed: number;
}

/** These say how the gateway and PHP fared at that moment, not what PHP answers. */
const PASSING = new Set([408, 429, 431, 499, 502, 503, 504]);

/** Fixtures of some routes' traffic, in bounded memory, in the order in which the answers came. */
export class Recording {
  readonly startedAt = Date.now();
  readonly files: FixtureFile[] = [];
  readonly skipped: SkippedExchanges = { notSampled: 0, busy: 0, notPhp: 0, tooLarge: 0, notTelling: 0, failed: 0 };
  bytes = 0;
  end: { readonly reason: RecordingEnd; readonly at: number } | undefined;
  private readonly routes: ReadonlySet<string>;
  private readonly redactor: Redactor;
  private readonly hashKey = randomBytes(32).toString('base64');

  constructor(readonly settings: RecordingSettings) {
    this.routes = new Set(settings.routes);
    this.redactor = new Redactor(new StandIns(), settings);
  }

  wants(route: string): boolean {
    return this.routes.has(route);
  }

  /** Keeps an exchange whose answer is out. Returns the bound that is reached with it. */
  take(exchange: Exchange, tapped: TappedExchange): 'count' | 'bytes' | undefined {
    const { route, notes, res } = exchange;
    if (this.end !== undefined || route === undefined || !this.wants(route.name)) return undefined;
    if (PASSING.has(res.statusCode)) this.skipped.notTelling += 1;
    else if (notes.servedBy === 'native' || notes.chosenArm !== undefined) this.skipped.notPhp += 1;
    else {
      try {
        return this.keep(route.name, exchange, tapped);
      } catch {
        this.skipped.failed += 1;
      }
    }
    return undefined;
  }

  private keep(route: string, exchange: Exchange, tapped: TappedExchange): 'count' | 'bytes' | undefined {
    const { settings, redactor } = this;
    const { status } = tapped.answer;
    const facts = { ...tapped.body, status, hashKey: this.hashKey };
    const request = toRecordedRequest(exchange, redactor, facts);
    const answer = redactAnswer(tapped.answer, redactor);
    if (answer === undefined) {
      this.skipped.tooLarge += 1;
      return undefined;
    }
    const fixture: Fixture = {
      recording: settings.name,
      seq: this.files.length + 1,
      route,
      action: actionOf(exchange, redactor),
      at: new Date().toISOString().slice(0, 10),
      request,
      answer,
      shown: { keep: settings.keep, fields: settings.fields },
      variables: {},
    };
    const file = printFixture(fixture, redactor.standIns.variables);
    const bytes = Buffer.byteLength(file.text);
    if (this.bytes + bytes > settings.maxBytes) return 'bytes';
    this.bytes += bytes;
    this.files.push(file);
    return this.files.length >= settings.maxFixtures ? 'count' : undefined;
  }
}

function actionOf(exchange: Exchange, { rules }: Redactor): string | undefined {
  if (exchange.route?.match.actions === undefined) return undefined;
  const found = readAction(exchange);
  const action = found.kind === 'action' ? found.action : undefined;
  return action !== undefined && rules.isKept(action, { side: 'request', path: ['action'] }) ? action : undefined;
}
