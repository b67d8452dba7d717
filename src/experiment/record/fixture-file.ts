import { readJsonTree } from '../compare/json-tree.js';
import type { Fixture, RecordedAnswer, RecordedBody, RecordedContent } from './recorded-exchange.js';
import { type JsonTree, printJson, treeOf } from './redaction/json-print.js';

/** One fixture as a file: JSON for people to read, one member a line, so that a change of it can be reviewed. */
export interface FixtureFile {
  /** `<route>/<number>-<method>-<action>-<status>.json` */
  readonly name: string;
  readonly text: string;
}

/** A file that is no fixture: says where and what is wrong. */
export class FixtureError extends Error {
  override readonly name = 'FixtureError';
}

const FORMAT = 1;
const MAX_BYTES = 1_048_576;
const MAX_DEPTH = 200;
const MAX_VALUES = 100_000;
const REQUEST_HEADERS = new Set(['accept', 'content-type']);
const VARIABLE = /\{\{#?(id:\d+)\}\}/g;

/** `shapes`: of all ids of the recording; the file tells those that it names. */
export function printFixture(fixture: Fixture, shapes: ReadonlyMap<string, string>): FixtureFile {
  const { recording, seq, route, action, at, request, answer, shown } = fixture;
  const body = treeOf({
    fixture: FORMAT,
    recording,
    seq,
    route,
    action,
    at,
    caller: request.caller,
    request: {
      method: request.method,
      target: request.target,
      headers: request.headers,
      notReplayable: request.notReplayable,
    },
    answer: { status: answer.status, headers: answer.headers.map(([name, value]) => `${name}: ${value}`) },
  });
  const members = membersOf(body);
  put(members, 'request', 'body', requestBody(request.body));
  put(members, 'answer', 'body', answerBody(answer.body));
  if (shown.keep.length + shown.fields.length > 0) members.set('shown', treeOf(shown));
  const named = new Set([...printJson({ kind: 'object', members }).matchAll(VARIABLE)].map(([, name = '']) => name));
  const variables = Object.fromEntries([...named].map((name) => [name, shapes.get(name) ?? fixture.variables[name]]));
  if (named.size > 0) members.set('variables', treeOf(variables));
  const name = [String(seq).padStart(4, '0'), request.method.toLowerCase(), ...(action === undefined ? [] : [action])];
  return {
    name: `${route}/${name.join('-')}-${answer.status}.json`,
    text: `${printJson({ kind: 'object', members }, true)}\n`,
  };
}

/** @throws FixtureError */
export function readFixture(text: string, name: string): Fixture {
  const bytes = Buffer.from(text);
  if (bytes.byteLength > MAX_BYTES) throw new FixtureError(`${name} is longer than ${MAX_BYTES} bytes`);
  const reading = readJsonTree(bytes, MAX_DEPTH, MAX_VALUES);
  if (reading.kind !== 'tree') throw new FixtureError(`${name} is not JSON (${reading.kind})`);
  const root = membersOf(reading.root);
  const fault = (what: string): FixtureError => new FixtureError(`${name}: ${what}`);
  const textAt = (tree: JsonTree | undefined, what: string): string => {
    if (tree?.kind !== 'string') throw fault(`${what} must be text`);
    return tree.text;
  };
  const whole = (tree: JsonTree | undefined, what: string): number => {
    if (tree?.kind !== 'number' || !/^\d{1,9}$/.test(tree.text)) throw fault(`${what} must be a whole number`);
    return Number(tree.text);
  };
  if (whole(root.get('fixture'), 'fixture') !== FORMAT) throw fault(`only fixtures of format ${FORMAT} are read`);
  const request = membersOf(root.get('request'));
  const answer = membersOf(root.get('answer'));
  const texts = (tree: JsonTree | undefined): Record<string, string> =>
    Object.fromEntries([...membersOf(tree)].map(([key, value]) => [key, textAt(value, key)]));
  const list = (tree: JsonTree | undefined): string[] =>
    tree?.kind === 'array' ? tree.items.map((item) => textAt(item, 'an item')) : [];
  const notReplayable = request.get('notReplayable');
  const body = readRequestBody(request.get('body'), fault);
  const target = textAt(request.get('target'), 'request.target');
  if (!target.startsWith('/') || target.startsWith('//')) throw fault('request.target must begin with one slash');
  const method = textAt(request.get('method'), 'request.method');
  if (!/^[A-Z]{1,20}$/.test(method)) throw fault('request.method must be a method');
  const shown = membersOf(root.get('shown'));
  const action = root.get('action');
  return {
    recording: textAt(root.get('recording'), 'recording'),
    seq: whole(root.get('seq'), 'seq'),
    route: textAt(root.get('route'), 'route'),
    action: action === undefined ? undefined : textAt(action, 'action'),
    at: textAt(root.get('at'), 'at'),
    request: {
      method,
      target,
      headers: headersOf(texts(request.get('headers'))),
      caller: textAt(root.get('caller'), 'caller'),
      ...(body === undefined ? {} : { body }),
      ...(notReplayable === undefined ? {} : { notReplayable: textAt(notReplayable, 'request.notReplayable') }),
    },
    answer: {
      status: whole(answer.get('status'), 'answer.status'),
      headers: list(answer.get('headers')).map((line): [string, string] => {
        const at = line.indexOf(': ');
        return [line.slice(0, at), line.slice(at + 2)];
      }),
      ...readAnswerBody(answer.get('body')),
    },
    variables: texts(root.get('variables')),
    shown: { keep: list(shown.get('keep')), fields: list(shown.get('fields')) },
  };
}

/** A file that somebody else wrote sends no credentials, and says nothing in the gateway's or an administrator's name. */
function headersOf(sent: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(sent).filter(([name]) => REQUEST_HEADERS.has(name)));
}

function requestBody(body: RecordedBody | undefined): JsonTree | undefined {
  if (body === undefined) return undefined;
  if (body.kind === 'json') return { kind: 'object', members: new Map([['json', jsonOf(body.text)]]) };
  const { kind, ...rest } = body;
  return treeOf({ [kind]: body.kind === 'form' ? body.fields : rest });
}

function readRequestBody(tree: JsonTree | undefined, fault: (what: string) => FixtureError): RecordedBody | undefined {
  if (tree === undefined) return undefined;
  const [[kind, value] = ['', undefined]] = [...membersOf(tree)];
  const facts = membersOf(value);
  const length = Number(textOf(facts.get('length')) ?? 0);
  const hash = textOf(facts.get('hash'));
  switch (kind) {
    case 'json':
      return { kind, text: value === undefined ? 'null' : printJson(value) };
    case 'form':
      return { kind, fields: pairsOf(value) };
    case 'malformed':
    case 'filler':
      return { kind, length };
    case 'bytes':
      return { kind, length, hash };
    default:
      throw fault('request.body must be json, form, malformed, filler or bytes');
  }
}

function answerBody(body: RecordedContent | undefined): JsonTree | undefined {
  if (body === undefined) return undefined;
  if (body.kind === 'json') return { kind: 'object', members: new Map([['json', body.tree]]) };
  return treeOf({ bytes: { length: body.length, sha256: body.sha256 } });
}

function readAnswerBody(tree: JsonTree | undefined): Pick<RecordedAnswer, 'body'> {
  const members = membersOf(tree);
  const json = members.get('json');
  if (json !== undefined) return { body: { kind: 'json', tree: json } };
  const bytes = members.get('bytes');
  if (bytes === undefined) return {};
  const facts = membersOf(bytes);
  const length = Number(textOf(facts.get('length')) ?? 0);
  return { body: { kind: 'bytes', length, sha256: textOf(facts.get('sha256')) } };
}

function put(members: Map<string, JsonTree>, part: string, name: string, value: JsonTree | undefined): void {
  if (value === undefined) return;
  members.set(part, { kind: 'object', members: new Map([...membersOf(members.get(part)), [name, value]]) });
}

function membersOf(tree: JsonTree | undefined): Map<string, JsonTree> {
  return tree?.kind === 'object' ? new Map(tree.members) : new Map<string, JsonTree>();
}

function pairsOf(tree: JsonTree | undefined): [string, string][] {
  if (tree?.kind !== 'array') return [];
  return tree.items.map((pair) =>
    pair.kind === 'array' ? [textOf(pair.items[0]) ?? '', textOf(pair.items[1]) ?? ''] : ['', ''],
  );
}

function textOf(tree: JsonTree | undefined): string | undefined {
  return tree !== undefined && 'text' in tree ? tree.text : undefined;
}

function jsonOf(text: string): JsonTree {
  const reading = readJsonTree(Buffer.from(text), MAX_DEPTH, MAX_VALUES);
  return reading.kind === 'tree' ? reading.root : { kind: 'null', text: 'null' };
}
