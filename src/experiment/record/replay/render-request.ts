import { readJsonTree } from '../../compare/json-tree.js';
import type { Fixture, RecordedBody } from '../recorded-exchange.js';
import type { JsonTree } from '../redaction/json-print.js';
import { Bindings } from './bindings.js';

const MAX_FILLER = 16 * 1024 * 1024;
const FILLER_HEAD = '{"filler":"';

/** A request as a replay sends it, without who sends it. */
export interface RenderedRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

/** Why a fixture is not sent; undefined where it can be. */
export function whyNotSent({ request, answer }: Fixture, bindings: Bindings): string | undefined {
  if (request.notReplayable !== undefined) return request.notReplayable;
  if (request.body?.kind === 'bytes') return 'its body is a file or cannot be read';
  if (request.body?.kind === 'filler' && request.body.length > MAX_FILLER)
    return 'its body is too long to be sent again';
  const said = request.target + bodyText(request.body);
  const missing = Bindings.namesIn(said).find((name) => name.startsWith('id:') && !bindings.isBound(name));
  // An id that was not there either way leads to the same refusal.
  return missing !== undefined && answer.status < 400 ? `${missing} was made before the recording` : undefined;
}

/** Fills a fixture's request with what the other side has told, and notes what is sent as it is. */
export function renderRequest({ request, variables }: Fixture, bindings: Bindings): RenderedRequest {
  noteSent(request.target, request.body, bindings);
  return {
    method: request.method,
    target: bindings.fill(request.target, variables, encodeURIComponent),
    headers: request.headers,
    body: bodyOf(request.body, variables, bindings),
  };
}

function bodyOf(
  body: RecordedBody | undefined,
  variables: Readonly<Record<string, string>>,
  bindings: Bindings,
): Buffer | undefined {
  switch (body?.kind) {
    case 'json':
      return Buffer.from(bindings.fillJson(body.text, variables));
    case 'form': {
      const spell = (text: string): string => encodeURIComponent(bindings.fill(text, variables, (value) => value));
      return Buffer.from(body.fields.map(([name, value]) => `${spell(name)}=${spell(value)}`).join('&'));
    }
    case 'malformed':
      return Buffer.from('{"malformed":'.padEnd(Math.min(body.length, MAX_FILLER)));
    case 'filler':
      return Buffer.from(`${FILLER_HEAD.padEnd(Math.max(body.length - 2, FILLER_HEAD.length), 'x')}"}`);
    default:
      return undefined;
  }
}

function bodyText(body: RecordedBody | undefined): string {
  if (body?.kind === 'json') return body.text;
  return body?.kind === 'form' ? body.fields.flat().join(' ') : '';
}

function noteSent(target: string, body: RecordedBody | undefined, bindings: Bindings): void {
  for (const [, value] of new URLSearchParams(target.split('?')[1] ?? '')) bindings.noteSent(value);
  if (body?.kind === 'form') for (const [, value] of body.fields) bindings.noteSent(value);
  if (body?.kind !== 'json') return;
  const reading = readJsonTree(Buffer.from(body.text), 128, 50_000);
  if (reading.kind === 'tree') noteTree(reading.root, bindings);
}

function noteTree(tree: JsonTree, bindings: Bindings): void {
  switch (tree.kind) {
    case 'object':
      for (const member of tree.members.values()) noteTree(member, bindings);
      break;
    case 'array':
      for (const item of tree.items) noteTree(item, bindings);
      break;
    case 'string':
      bindings.noteSent(tree.text);
      break;
    case 'number':
      bindings.noteSent(`#${tree.text}`);
      break;
    default:
  }
}
