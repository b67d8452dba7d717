import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { dtoFields } from '../dto-faults.js';
import type { DtoClass } from '../input-dto.js';
import { InputDto, inputDtoNames } from '../index.js';
import * as dtos from './index.js';

const ROUTES = readFileSync(resolve(import.meta.dirname, '../../../../routes.yaml'), 'utf8');
const classes = Object.values(dtos).filter((value) => typeof value === 'function') as DtoClass[];

describe('the DTOs of the contract', () => {
  it('are each asked for by a route', () => {
    const asked = new Set([...ROUTES.matchAll(/\binput: ([\w.-]+)/g)].map(([, name]) => name));
    expect([...inputDtoNames()].filter((name) => !asked.has(name))).toEqual([]);
    expect(classes).toHaveLength(inputDtoNames().size);
  });

  it.each(classes.map((dto) => [dto.name, dto] as const))(
    '%s has fields, none of which means anything to JavaScript',
    (_name, dto) => {
      const fields = [...dtoFields(dto)];
      expect(fields.length).toBeGreaterThan(0);
      expect(fields.filter((field) => field in {})).toEqual([]);
    },
  );

  it('are told apart by their names', () => {
    expect(() => InputDto('donna.chat')(class Other {})).toThrow('two DTOs are named "donna.chat"');
  });
});
