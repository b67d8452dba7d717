import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const file = fileURLToPath(new URL('../../routes.yaml', import.meta.url));

/**
 * The OpenAPI documents of the shipped route table, made by the built gateway: what everybody and what administrators read.
 * The version is left at zero: it is the running gateway's to tell.
 */
export async function shippedDocuments() {
  // Loads every native handler and DTO with it, which the table names.
  await import('../../dist/app.module.js');
  const { makeDocument } = await import('../../dist/openapi/index.js');
  const { loadRouteTable, nativeHandlerNames } = await import('../../dist/routing/index.js');
  const { inputDtoNames } = await import('../../dist/contract/index.js');
  const phpTargets = ['http://127.0.0.1:9'];
  const names = { handlers: nativeHandlerNames(), dtos: inputDtoNames() };
  const table = loadRouteTable(readFileSync(file, 'utf8'), { file, phpTargets, ...names });
  const documentFor = (audience) => makeDocument(table, { audience, version: '0.0.0' });
  return { everyone: documentFor('everyone'), admin: documentFor('admin') };
}
