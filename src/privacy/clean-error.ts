import { onOneLine } from './clean-text.js';

/** An error as a log may carry it. */
export interface CleanError {
  readonly type: string;
  readonly code?: string;
  readonly message?: string;
  readonly at?: readonly string[];
  readonly cause?: CleanError;
}

const FRAMES = 6;
const MAX_STACK = 16_384;
const CAUSES = 3;
/** Errors of the system and of Node, whose texts are Node's own. */
const OWN_CODE = /^(?:E[A-Z0-9_]{2,40}|ERR_\w{2,60}|UND_ERR_\w{2,40})$/;
const ENGINE = new Set(['TypeError', 'RangeError', 'ReferenceError', 'AssertionError', 'SyntaxError', 'URIError']);

/**
 * An error by class, code and place, with its causes. The message is kept where the engine or the system wrote it, without what it quotes; whatever
 * else may be said there by anyone, so that only its length is told. `clean` searches what is kept.
 */
export function cleanError(error: Error, clean: (text: string) => string, causes = CAUSES): CleanError {
  const { name, message, stack, cause } = error;
  const code = (error as NodeJS.ErrnoException).code;
  const isOwn = (typeof code === 'string' && OWN_CODE.test(code)) || ENGINE.has(name);
  const text = String(message);
  const frames = typeof stack === 'string' ? framesOf(stack).map((frame) => clean(frame)) : [];
  return {
    type: clean(String(name).slice(0, 80)),
    ...(typeof code === 'string' || typeof code === 'number' ? { code: clean(String(code).slice(0, 40)) } : {}),
    message: isOwn ? clean(withoutQuoted(text)) : `[${text.length} characters]`,
    ...(frames.length > 0 ? { at: frames } : {}),
    ...(cause instanceof Error && causes > 0 ? { cause: cleanError(cause, clean, causes - 1) } : {}),
  };
}

/** Class and place of whatever was thrown, on one line. Nothing of its message, though that may be written so as to look like a place. */
export function classAndPlace(thrown: unknown, frames = 4): string {
  if (!(thrown instanceof Error)) return typeof thrown;
  const { name, stack } = thrown;
  return [name, ...(typeof stack === 'string' ? framesOf(stack).slice(0, frames) : [])].join(' | ');
}

function framesOf(stack: string): string[] {
  return onFrames(stack)
    .slice(0, FRAMES)
    .map((line) => onOneLine(line.trim()).slice(0, 240));
}

/** The frames at the end: what stands before them is the message, which may look like frames. */
function onFrames(stack: string): string[] {
  const lines = stack.slice(-MAX_STACK).split('\n');
  let first = lines.length;
  while (
    first > 0 &&
    /^ {4}at (?:[\w$.<>[\] #]{1,120} \()?(?:file:|node:|\/|<anonymous>|[A-Z]:\\)/.test(lines[first - 1] ?? '')
  )
    first--;
  return lines.slice(first);
}

/** What stands in quotes came from somewhere else: of a file its folder is kept, nothing else. */
export function withoutQuoted(text: string): string {
  let bare = text.slice(0, 2048);
  for (const quote of ['"', '`', "'"]) {
    const first = bare.indexOf(quote);
    const last = bare.lastIndexOf(quote);
    if (first === -1 || first === last) continue;
    bare = `${bare.slice(0, first + 1)}${shownQuote(bare.slice(first + 1, last))}${bare.slice(last)}`;
  }
  return bare;
}

/** A text of unknown origin: without what stands in quotes or brackets, where data is shown. */
export function bareText(text: string): string {
  return withoutQuoted(text)
    .replace(/\([^()]{0,2048}\)?/g, '()')
    .replace(/[{[][^{}[\]]{0,2048}[}\]]?/g, '[]');
}

function shownQuote(quoted: string): string {
  const folder = /^((?:\/[\w.-]{1,64}){1,16})\/[^/\n"']{1,200}$/.exec(quoted)?.[1];
  return folder === undefined ? '[text]' : `${folder}/*`;
}
