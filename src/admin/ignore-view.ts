import { GatewayError } from '../contract/index.js';
import {
  type ExperimentReports,
  type IgnoreBoard,
  type IgnoreChange,
  type StageBoard,
  StagesUnavailableError,
} from '../experiment/index.js';
import { isStageable, type Route } from '../routing/index.js';
import type { IgnoreView } from './admin-api.js';

/** Behind the name of a route: its rules. */
export const IGNORES = '/ignores';

/** All rules of a route, and who changed those that are not the route table's. */
export interface IgnoresView {
  readonly ignore: readonly IgnoreView[];
  /** Latest first; `until` null: taken back. */
  readonly history: readonly IgnoreChange[];
}

interface Parts {
  readonly board: StageBoard;
  readonly ignores: IgnoreBoard;
  readonly reports: ExperimentReports;
}

/** The route that `<route>/ignores` names. @throws GatewayError NOT_FOUND */
export function ignoreRouteOf(board: StageBoard, tail: string): Route {
  const route = tail.endsWith(IGNORES) ? board.find(tail.slice(0, -IGNORES.length))?.route : undefined;
  if (route === undefined) throw new GatewayError('NOT_FOUND', { error: 'The route table has no route of this name.' });
  if (!isStageable(route))
    throw new GatewayError('NOT_FOUND', { error: 'This route has one side alone: there is nothing to compare.' });
  return route;
}

/** The rules as they are now, the route table's first. @throws GatewayError UPSTREAM_UNAVAILABLE */
export async function ignoresView({ board, ignores, reports }: Parts, name: string): Promise<IgnoresView> {
  const history = await savingIgnores(
    ignores.history(name),
    'The database gave no answer: which differences were accepted while the gateway ran is not known now.',
  );
  const route = board.find(name)?.route;
  return { ignore: route === undefined ? [] : reports.rulesOf(route).ignore, history };
}

/** @throws GatewayError UPSTREAM_UNAVAILABLE without a database */
export async function savingIgnores<T>(
  work: Promise<T>,
  told = 'The database gave no answer: a change may or may not have been saved. What is not known to be accepted counts as a difference.',
): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof StagesUnavailableError)) throw error;
    throw new GatewayError('UPSTREAM_UNAVAILABLE', { error: told, headers: { 'Retry-After': '2' } });
  }
}
