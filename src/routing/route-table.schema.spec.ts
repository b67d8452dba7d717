import { describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
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

  it('is a schema, without a keyword that says nothing', () => {
    expect(new Ajv({ strict: true, allowUnionTypes: true }).validateSchema(ROUTE_TABLE_SCHEMA, true)).toBe(true);
    expect(() => new Ajv({ strict: true, allowUnionTypes: true }).compile(ROUTE_TABLE_SCHEMA)).not.toThrow();
    expect(() => new Ajv().compile({ type: 'objekt' })).toThrow(/schema is invalid/);
  });
});
