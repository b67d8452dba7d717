import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROUTE_TABLE_SCHEMA } from './route-table.schema.js';

describe('routes.schema.json', () => {
  it('is what the loader validates by: else run npm run build && npm run schema', () => {
    const file = JSON.parse(readFileSync(join(import.meta.dirname, '../../routes.schema.json'), 'utf8')) as Record<
      string,
      unknown
    >;
    const { $comment: _comment, ...schema } = file;
    expect(schema).toEqual(JSON.parse(JSON.stringify(ROUTE_TABLE_SCHEMA)));
  });
});
