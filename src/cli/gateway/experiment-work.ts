import { askRoute } from './ask-route.js';
import type { OutputOptions } from './command.js';
import type { IgnoreTask } from './commands/ignore.command.js';
import type { OperatorAccess } from './operator-access.js';
import { printExperiment } from './print-experiment.js';
import { printIgnores } from './print-ignores.js';
import { tellAnswer } from './tell.js';

/** Prints what is known of a route's handler. @returns the exit code @throws AdminCallError */
export async function explainExperiment(
  { route, isJson }: OutputOptions & { readonly route: string },
  access: OperatorAccess,
): Promise<number> {
  const data = await askRoute(access, route, { method: 'GET', path: `/experiments/${route}` });
  return tellAnswer(data, { isJson, base: access.base }, () => printExperiment(data));
}

/** Shows, adds or takes back what is accepted of a route. @returns the exit code @throws AdminCallError */
export async function workOnIgnores(
  { task, isJson }: OutputOptions & { readonly task: IgnoreTask },
  access: OperatorAccess,
): Promise<number> {
  const path = `/experiments/${task.route}/ignores`;
  const data = await askRoute(access, task.route, { path, ...questionOf(task) });
  return tellAnswer(data, { isJson, base: access.base }, () => printIgnores(data));
}

function questionOf(task: IgnoreTask): { readonly method: string; readonly body?: object } {
  switch (task.kind) {
    case 'list':
      return { method: 'GET' };
    case 'add':
      return { method: 'POST', body: { pointer: task.pointer, until: task.until, reason: task.reason } };
    case 'remove':
      return { method: 'DELETE', body: { pointer: task.pointer, reason: task.reason } };
  }
}
