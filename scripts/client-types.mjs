// Writes docs/api: the OpenAPI document of the shipped route table (what everybody reads), and a client's types made of it.
//   npm run build && npm run client:types
//   --check           writes nothing; exits 1 when the files are not what would be written
//   --document FILE   of this document instead
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { shippedDocuments } from './openapi/shipped-documents.mjs';
import { toClientTypes, toDocumentText } from './openapi/to-client-files.mjs';

const home = new URL('../docs/api/', import.meta.url);
const { check: isCheck, document } = parseArgs({
  options: { check: { type: 'boolean' }, document: { type: 'string' } },
}).values;
const everyone =
  document === undefined ? (await shippedDocuments()).everyone : JSON.parse(readFileSync(document, 'utf8'));
const files = { 'openapi.json': await toDocumentText(everyone), 'donna-gateway.d.ts': await toClientTypes(everyone) };
const stale = Object.entries(files).filter(([name, text]) => read(name) !== text);

mkdirSync(home, { recursive: true });
for (const [name, text] of stale) {
  if (isCheck) console.log(`docs/api/${name} is not current: npm run build && npm run client:types`);
  else {
    writeFileSync(new URL(name, home), text);
    console.log(`docs/api/${name} is written`);
  }
}
process.exit(isCheck && stale.length > 0 ? 1 : 0);

function read(name) {
  try {
    return readFileSync(new URL(name, home), 'utf8');
  } catch {
    return undefined;
  }
}
