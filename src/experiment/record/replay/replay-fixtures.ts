import type { Answer } from '../../compare/answer.js';
import { compareAnswers } from '../../compare/compare-answers.js';
import { compileRules } from '../../compare/compile-rules.js';
import type { CompareSettings } from '../../compare/compare-rules.js';
import type { Observation } from '../../compare/observation.js';
import { readJsonTree } from '../../compare/json-tree.js';
import type { Fixture, RecordedAnswer } from '../recorded-exchange.js';
import { describeBytes, redactHeaders } from '../redact-answer.js';
import { FieldRules } from '../redaction/field-rules.js';
import { printJson } from '../redaction/json-print.js';
import { Redactor } from '../redaction/redactor.js';
import { alignTree } from './align-tree.js';
import { Bindings } from './bindings.js';
import { type RenderedRequest, renderRequest, whyNotSent } from './render-request.js';

/** Who sends a request of a placeholder; `known` is what the other side will call it. */
export interface ReplayIdentity {
  /** `Authorization`; undefined for nobody. */
  readonly authorization: string | undefined;
  readonly known?: { readonly subject?: string; readonly email?: string; readonly name?: string };
}

export interface ReplayOptions {
  /** Sends one request. Throws where no answer came. */
  readonly send: (
    request: RenderedRequest & { readonly identity: ReplayIdentity },
    fixture: Fixture,
  ) => Promise<Answer>;
  /** `user:1`, `admin:1`, `anonymous`, `rejected`; undefined where nobody can stand for it. */
  readonly identify: (caller: string, recording: string) => ReplayIdentity | undefined;
  /** How the answers of a route are compared, or why it is left out. */
  readonly settingsOf: (
    route: string,
  ) => { readonly rules: Pick<CompareSettings, 'ignore' | 'keyed' | 'noise'> } | { readonly leftOut: string };
  readonly allowsWrites: boolean;
}

export interface ReplayOutcome {
  readonly fixture: Fixture;
  /** Undefined where it was not sent, or no answer came. */
  readonly observation: Observation | undefined;
  /** Why it was not sent. */
  readonly notSent?: string;
  /** Why no answer came. */
  readonly failure?: string;
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const MAX_DEPTH = 128;
const MAX_VALUES = 50_000;
/** Values are stand-ins and shapes already. */
const asIs = (value: string): string => value;

/** Replays fixtures in the order in which they were recorded, one after the other, and compares each answer with PHP's. */
export async function replayFixtures(
  fixtures: readonly Fixture[],
  options: ReplayOptions,
  now: number = Date.now(),
): Promise<ReplayOutcome[]> {
  const outcomes: ReplayOutcome[] = [];
  const bindings = new Map<string, Bindings>();
  for (const fixture of fixtures.toSorted((a, b) => a.seq - b.seq)) {
    const { recording } = fixture;
    const known = bindings.get(recording) ?? new Bindings(now);
    bindings.set(recording, known);
    outcomes.push(await replayOne(fixture, options, known, now));
  }
  return outcomes;
}

async function replayOne(
  fixture: Fixture,
  { send, identify, settingsOf, allowsWrites }: ReplayOptions,
  bindings: Bindings,
  now: number,
): Promise<ReplayOutcome> {
  const notSent = (why: string): ReplayOutcome => ({ fixture, observation: undefined, notSent: why });
  const settings = settingsOf(fixture.route);
  if ('leftOut' in settings) return notSent(settings.leftOut);
  if (!allowsWrites && !SAFE.has(fixture.request.method)) return notSent('it writes: see --writes');
  const { caller } = fixture.request;
  const identity = identify(caller, fixture.recording);
  if (identity === undefined) return notSent(`nobody stands for ${caller}`);
  for (const [member, value] of Object.entries(identity.known ?? {}))
    bindings.bind(member === 'subject' ? caller : `${caller}.${member}`, value);
  const why = whyNotSent(fixture, bindings);
  if (why !== undefined) return notSent(why);
  let live: Answer;
  try {
    live = await send({ ...renderRequest(fixture, bindings), identity }, fixture);
  } catch (error) {
    return { fixture, observation: undefined, failure: error instanceof Error ? error.message : 'no answer came' };
  }
  const rules = compileRules({ ...settings.rules, redact: asIs });
  return {
    fixture,
    observation: compareAnswers(recordedAnswer(fixture.answer), align(live, fixture, bindings, now), rules, now),
  };
}

/** The other side's answer in the words of the fixture. */
function align(live: Answer, { answer, shown, variables }: Fixture, bindings: Bindings, now: number): Answer {
  const reading = readJsonTree(live.body, MAX_DEPTH, MAX_VALUES);
  const headers = redactHeaders(live.headers, new Redactor(undefined, shown));
  const recorded = answer.body?.kind === 'json' ? answer.body.tree : undefined;
  const context = { bindings, rules: new FieldRules(shown), variables, now };
  const content =
    reading.kind === 'tree'
      ? printJson(alignTree(recorded, reading.root, context))
      : bytesOf(live.body.byteLength === 0 ? undefined : describeBytes(live));
  return { ...live, headers, contentType: typeOf(headers), body: Buffer.from(content) };
}

function recordedAnswer({ status, headers, body }: RecordedAnswer): Answer {
  const content = body?.kind === 'json' ? printJson(body.tree) : bytesOf(body);
  return { status, headers, contentType: typeOf(headers), body: Buffer.from(content), ms: 0 };
}

/** Of what is no JSON the hash stands for the bytes, where one was kept; of a text, that there is one. */
function bytesOf(body: RecordedAnswer['body']): string {
  if (body === undefined) return '';
  return body.kind === 'bytes' ? `bytes ${body.sha256 ?? ''}` : 'json';
}

function typeOf(headers: RecordedAnswer['headers']): string | undefined {
  return headers.find(([name]) => name === 'content-type')?.[1];
}
