// Lints the OpenAPI documents that the built gateway makes of the shipped route table.
//   npm run build && npm run lint:openapi
//   node scripts/lint-openapi.mjs FILE…     other documents
// Exits 0 when nothing is wrong, else 1, with each problem and its place; 64 for a file that cannot be read.
import { readFileSync } from 'node:fs';
import { lintDocument } from './openapi/lint-document.mjs';
import { shippedDocuments } from './openapi/shipped-documents.mjs';

const files = process.argv.slice(2);
const documents =
  files.length === 0 ? Object.entries(await shippedDocuments()) : files.map((file) => [file, read(file)]);
let count = 0;
for (const [name, document] of documents) {
  const problems = await lintDocument(document, name);
  count += problems.length;
  for (const problem of problems) console.log(`${name}: ${problem}`);
}
console.log(count === 0 ? `${documents.length} OpenAPI documents, nothing is wrong` : `${count} problems`);
process.exit(count === 0 ? 0 : 1);

function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    console.error(`${file} cannot be read: ${error.message}`);
    process.exit(64);
  }
}
