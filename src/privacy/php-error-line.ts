import { withoutQuoted } from './clean-error.js';

/** `[…] PHP Warning:  text in /file.php on line 3`; the date and the worker's number before it are PHP's own. */
const FAULT =
  /^(?:\[\d{1,10}\] )?(?:\[[^\]]{10,40}\] )?(?:PHP )?(Fatal error|Recoverable fatal error|Parse error|Warning|Notice|Deprecated|Core error|Core warning|Compile error|Compile warning|User error|User warning):\s{1,4}(.*)$/is;
const PLACE = / in ((?:\/|[A-Z]:\\)[^\0\n]{1,300}?)(?: on line |:)(\d{1,7})\b/gi;
const FRAME = /^#(\d{1,4}) (.{1,300}?)(?:\((\d{1,7})\))?: ([\w\\{}:>#-]{1,160})\(.*$/s;
const INNER_FRAME = /^#(\d{1,4}) \{main\}/;
const THROWN = /^ {0,4}thrown in (\S{1,300}) on line (\d{1,7})$/;
/** Texts of the engine, which name variables, functions and limits. Anybody may have written any other. */
const ENGINE =
  /^(?:Division by zero|Modulo by zero|Allowed memory size of|Maximum execution time|Maximum call stack|syntax error|Unclosed|Array to string|Unsupported operand|Trying to access|Class "|Interface "|Trait "|Typed property|Too few arguments|[\w\\:]{1,120}\(\): Argument #\d|Failed opening required)/;
/** What follows these is a name, which data may have made. */
const NAMING =
  /^(?:Undefined (?:variable|array key|offset|index|property|constant|global variable)|Call to (?:undefined|private|protected) (?:function|method|constructor)|Call to a member function|Attempt to (?:read|assign) property|Cannot (?:redeclare|access|use|unset|pass|assign|modify|instantiate|unpack|declare|make|override))\b/;
const SYSTEM_TEXT =
  /: ((?:Failed|failed) to open (?:stream|dir): )?(No such file or directory|Permission denied|No space left on device|Is a directory|Not a directory|File exists|Too many open files|Read-only file system|Connection refused|Connection timed out|Broken pipe|Operation not permitted)$/;
/** Thrown by the engine; whoever throws another wrote its text. */
const ENGINE_CLASS =
  /^(?:Error|TypeError|ValueError|ArgumentCountError|ArithmeticError|DivisionByZeroError|ParseError|ErrorException)$/;
/** What the server, the shell and the gateway's own supervision say. */
const OF_THE_SERVER =
  /^(?:\[\d{1,10}\] )?(?:\[[^\]]{10,40}\] )?(?:(?:sh|php|\/bin\/sh): |Failed to listen on |Could not open |embedded PHP )[\w .:,;'()/[\]-]{1,300}$/;

/**
 * A line that PHP itself wrote to its error stream, as a log may carry it: kind, class and place of a fault. Its text is kept where the engine
 * wrote it, without what it quotes; frames lose their arguments. A line of any other form may be the rest of anybody's text: its length is told.
 */
export function cleanPhpLine(line: string, clean: (text: string) => string): string {
  const fault = FAULT.exec(line);
  if (fault !== null) return describeFault(fault[1] ?? '', fault[2] ?? '', clean);
  const frame = FRAME.exec(line);
  if (frame !== null)
    return `#${frame[1]} ${clean(frame[2] ?? '')}${frame[3] === undefined ? '' : `:${frame[3]}`} ${clean(frame[4] ?? '')}()`;
  const thrown = THROWN.exec(line);
  if (thrown !== null) return `thrown in ${clean(thrown[1] ?? '')}:${thrown[2]}`;
  if (INNER_FRAME.test(line)) return '{main}';
  if (line.trim() === 'Stack trace:') return 'Stack trace:';
  if (OF_THE_SERVER.test(line)) return clean(line);
  return `[${line.length} characters]`;
}

function describeFault(kind: string, said: string, clean: (text: string) => string): string {
  const place = [...said.matchAll(PLACE)].at(-1);
  const text = said.slice(0, place?.index ?? said.length).trim();
  const where = place === undefined ? '' : ` in ${clean(place[1] ?? '')}:${place[2]}`;
  const uncaught = /^Uncaught ([\w\\]{1,120}): ?(.*)$/s.exec(text);
  if (uncaught === null) return `PHP ${kind}: ${shownText(text, clean)}${where}`;
  const [, thrown = '', why = ''] = uncaught;
  const shown = `Uncaught ${thrown}: ${ENGINE_CLASS.test(thrown) ? shownText(why, clean) : `[${why.length} characters]`}`;
  return `PHP ${kind}: ${shown}${where}`;
}

function shownText(text: string, clean: (text: string) => string): string {
  const naming = NAMING.exec(text)?.[0];
  if (naming !== undefined) return naming;
  if (ENGINE.test(text)) return clean(withoutQuoted(text));
  const system = SYSTEM_TEXT.exec(text);
  if (system === null) return `[${text.length} characters]`;
  return `${/^[a-z_0-9]{1,40}(?=\()/.exec(text)?.[0] ?? ''}(): ${system[1] ?? ''}${system[2]}`;
}
