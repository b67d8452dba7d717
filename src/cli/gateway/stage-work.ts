import { AdminCallError, callAdmin } from './admin-client.js';
import { askRoute } from './ask-route.js';
import type { OutputOptions } from './command.js';
import type { StageTask } from './commands/stage.command.js';
import type { OperatorAccess } from './operator-access.js';
import { printReplication, replicationFooter } from './print-replication.js';
import { printHistory, printRoute, printStages } from './print-stages.js';
import { tellAnswer, warn } from './tell.js';

/** Prints the stages of all routes. @returns the exit code @throws AdminCallError */
export async function showStages(
  { isAll, isJson }: OutputOptions & { readonly isAll: boolean },
  access: OperatorAccess,
): Promise<number> {
  const { base } = access;
  const data = await callAdmin(base, access.adminToken(), { method: 'GET', path: '/stages' }, warn);
  const footer = isJson ? '' : await waitingLine(access);
  return tellAnswer(data, { isJson, base }, () => printStages(data, { isAll }) + footer);
}

/** Shows, sets or takes back the stage of a route. @returns the exit code @throws AdminCallError */
export async function workOnStage(
  { task, isJson }: OutputOptions & { readonly task: StageTask },
  access: OperatorAccess,
): Promise<number> {
  const data = await askRoute(access, task.route, { path: `/stages/${task.route}`, ...questionOf(task) });
  return tellAnswer(data, { isJson, base: access.base }, () => printRoute(data));
}

/** Prints who changed a route's stage. @returns the exit code @throws AdminCallError */
export async function showHistory(
  { route, isJson }: OutputOptions & { readonly route: string },
  access: OperatorAccess,
): Promise<number> {
  const data = await askRoute(access, route, { method: 'GET', path: `/stages/${route}/history` });
  return tellAnswer(data, { isJson, base: access.base }, () => printHistory(data));
}

/** Prints what PHP has not been told. @returns the exit code @throws AdminCallError */
export async function showReplication({ isJson }: OutputOptions, access: OperatorAccess): Promise<number> {
  const data = await askReplication(access);
  return tellAnswer(data, { isJson, base: access.base }, () => printReplication(data));
}

function questionOf(task: StageTask): { readonly method: string; readonly body?: object } {
  switch (task.kind) {
    case 'show':
      return { method: 'GET' };
    case 'clear':
      return { method: 'DELETE', body: { reason: task.reason } };
    case 'set': {
      const { stage, weight, reason } = task;
      return { method: 'PUT', body: { stage, reason, ...(weight === undefined ? {} : { weight }) } };
    }
  }
}

/** What waits for PHP matters to whoever is about to change a stage; where it cannot be told, the stages can all the same. */
async function waitingLine(access: OperatorAccess): Promise<string> {
  try {
    return replicationFooter(await askReplication(access)) ?? '';
  } catch (error) {
    if (error instanceof AdminCallError || error instanceof TypeError) return '';
    throw error;
  }
}

function askReplication({ base, adminToken }: OperatorAccess): Promise<unknown> {
  return callAdmin(base, adminToken(), { method: 'GET', path: '/replication' }, warn);
}
