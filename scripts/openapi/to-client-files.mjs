import openapiTS, { astToString } from 'openapi-typescript';
import { format } from 'prettier';
import ts from 'typescript';

const BLOB = ts.factory.createTypeReferenceNode('Blob');
const HEADER =
  '// Written by npm run client:types from the shipped route table. For openapi-fetch: see docs/api/README.md.\n';

/** TypeScript types of a document, for openapi-fetch; a file is a Blob. */
export async function toClientTypes(document) {
  const nodes = await openapiTS(document, {
    alphabetize: true,
    transform: (schema) => (schema.format === 'binary' ? BLOB : undefined),
  });
  return format(HEADER + astToString(nodes), { parser: 'typescript', printWidth: 120, singleQuote: true });
}

/** The document as it stands in docs/api. */
export function toDocumentText(document) {
  return format(JSON.stringify(document), { parser: 'json', printWidth: 120 });
}
