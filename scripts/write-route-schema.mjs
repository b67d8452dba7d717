// Writes routes.schema.json, by which editors complete and check a route table, from the schema that the loader uses.
//   npm run build && npm run schema
import { writeFileSync } from 'node:fs';
import { ROUTE_TABLE_SCHEMA } from '../dist/routing/route-table.schema.js';

writeFileSync(
  new URL('../routes.schema.json', import.meta.url),
  `${JSON.stringify({ $comment: 'Written by npm run schema.', ...ROUTE_TABLE_SCHEMA }, null, 2)}\n`,
);
