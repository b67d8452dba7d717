import { Ajv, type ErrorObject } from 'ajv';
import { type Document, isMap, isNode, isPair, LineCounter, parseDocument, type Scalar } from 'yaml';
import { ROUTE_TABLE_SCHEMA } from './route-table.schema.js';

/** One thing that is wrong with a route table and the line where it stands. */
export interface RouteFault {
  readonly line: number;
  readonly where: string;
  readonly problem: string;
}

/** A route table that cannot be used; tells every fault at once. */
export class RouteTableError extends Error {
  constructor(
    readonly file: string,
    readonly faults: readonly RouteFault[],
  ) {
    super(
      `${file} has ${faults.length} ${faults.length === 1 ? 'fault' : 'faults'}:\n` +
        faults.map((fault) => `  line ${fault.line}: ${fault.where}: ${fault.problem}`).join('\n'),
    );
    this.name = 'RouteTableError';
  }
}

/** A parsed file that still knows the line of each of its values. */
export interface RouteFile {
  readonly data: unknown;
  lineOf(path: readonly (string | number)[]): number;
}

/** The schema is the program's own and held to be one by its test; it runs once a load: both spare half of the time of a start. */
const QUICKLY_MADE = { meta: false, validateSchema: false, code: { optimize: false } } as const;
const validate = new Ajv({ allErrors: true, allowUnionTypes: true, ...QUICKLY_MADE }).compile(ROUTE_TABLE_SCHEMA);

/** Parses and checks the shape of a route table. @throws RouteTableError with the line of every fault. */
export function parseRouteFile(file: string, text: string): RouteFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new RouteTableError(
      file,
      document.errors.map((error) => ({
        line: lines.linePos(error.pos[0]).line,
        where: 'YAML',
        problem: (error.message.split('\n')[0] ?? 'cannot be parsed').replace(/ at line \d+, column \d+:?$/, ''),
      })),
    );
  }
  const lineOf = (path: readonly (string | number)[]): number => lines.linePos(offsetOf(document, path)).line;
  const data = toData(file, document);
  if (!validate(data)) {
    const faults = (validate.errors ?? []).filter((error) => !isFollowUp(error)).map((error) => toFault(error, lineOf));
    throw new RouteTableError(
      file,
      faults.toSorted((a, b) => a.line - b.line),
    );
  }
  return { data, lineOf };
}

/** An alias without its anchor, or aliases that multiply beyond measure, show only here. */
function toData(file: string, document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 50 });
  } catch (error) {
    throw new RouteTableError(file, [
      { line: 1, where: 'YAML', problem: error instanceof Error ? error.message : 'cannot be read' },
    ]);
  }
}

function toFault(error: ErrorObject, lineOf: RouteFile['lineOf']): RouteFault {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  const params = error.params as Record<string, unknown>;
  if (error.keyword === 'additionalProperties') {
    const unknown = String(params['additionalProperty']);
    return { line: lineOf([...path, unknown]), where: dotted(path), problem: `"${unknown}" is not known here` };
  }
  const allowed = params['allowedValues'];
  const problem = Array.isArray(allowed) ? `must be one of ${allowed.join(', ')}` : (error.message ?? 'is not valid');
  return { line: lineOf(path), where: dotted(path), problem };
}

/** Errors that only repeat another one from the outside of a choice. */
function isFollowUp(error: ErrorObject): boolean {
  return error.keyword === 'anyOf' || error.keyword === 'if';
}

function dotted(path: readonly string[]): string {
  return path.length === 0 ? 'the table' : path.join('.');
}

function offsetOf(document: Document, path: readonly (string | number)[]): number {
  for (let length = path.length; length > 0; length--) {
    const key = path[length - 1];
    const parent: unknown = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    if (isMap(parent)) {
      const pair = parent.items.find(
        (item) => isPair(item) && String((item.key as Scalar).value ?? '') === String(key),
      );
      const range = isNode(pair?.key) ? pair.key.range : undefined;
      if (range) return range[0];
    }
    const node: unknown = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}
