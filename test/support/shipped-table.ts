import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import '../../src/app.module.js';
import { inputDtoNames } from '../../src/contract/index.js';
import { loadRouteTable, nativeHandlerNames, type RouteTable } from '../../src/routing/index.js';

/** The text of the shipped route table. */
export const SHIPPED = readFileSync(resolve(import.meta.dirname, '../../routes.yaml'), 'utf8');

/** A route table by its text, with all handlers and DTOs that there are. */
export function tableOf(text: string): RouteTable {
  const names = { handlers: nativeHandlerNames(), dtos: inputDtoNames() };
  return loadRouteTable(text, { file: 'routes.yaml', phpTargets: ['http://127.0.0.1:9'], ...names });
}
