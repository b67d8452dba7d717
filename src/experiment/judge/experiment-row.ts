import type { Verdict } from '../decide/verdict.js';
import type { EvidenceBook } from '../evidence/index.js';
import { judge } from './judgement.js';

/** How a route's candidate stands, in a line. */
export interface ExperimentSummary {
  readonly compared: number;
  readonly differed: number;
  readonly candidateErrors: number;
  readonly action?: Verdict['action'];
  /** The first reason that holds it, as a sentence. */
  readonly waitsFor?: string;
}

/** Of the evidence that counts now; nothing was seen of a route in proxy. */
export function summaryOf(book: EvidenceBook, route: string): ExperimentSummary {
  const evidence = book.of(route);
  if (evidence === undefined) return { compared: 0, differed: 0, candidateErrors: 0 };
  const { verdict, evidence: known } = judge(evidence);
  const { action, reasons } = verdict;
  const { match, ignored, mismatch, 'candidate-error': candidateErrors } = known.classes;
  const held = reasons.find(({ outcome }) => outcome === 'fail') ?? reasons.find(({ outcome }) => outcome === 'wait');
  return {
    compared: match + ignored + mismatch + candidateErrors,
    differed: mismatch,
    candidateErrors,
    action,
    ...(held === undefined ? {} : { waitsFor: held.text }),
  };
}
