import { cleanPhpLine, LogCleaner } from '../../privacy/index.js';

/** PHP's own logger keeps its lines below this, so that they come whole. */
const longestLine = 4096;
const accessLine = /^(?:\[\d+\] )?\[[^\]]{10,40}\] (?:\[[0-9a-f:.]+\]|\d{1,3}(?:\.\d{1,3}){3}):\d+ /i;
const serverNotice = /^(?:\[\d+\] )?\[[^\]]{10,40}\] PHP [\d.]+\S* Development Server \(.*\) started$/;
/** Without a key: who prints a line further knows it. What PHP has made a pseudonym stays one. */
const cleaner = new LogCleaner();

/**
 * Turns what PHP writes to its error stream into log lines: whole lines only, bounded, access lines dropped (they carry addresses and query
 * strings). Lines of PHP's own logger stay JSON, cleaned field by field; of what PHP's engine says, kind and place are kept.
 */
export class PhpLogLines {
  #rest = '';

  constructor(private readonly log: (line: string) => void) {}

  /** Takes the next piece of the stream, which may end in the middle of a line. */
  write(text: string): void {
    const lines = (this.#rest + text).split(/\r?\n/);
    this.#rest = (lines.pop() ?? '').slice(-2 * longestLine);
    for (const line of lines) this.#emit(line);
  }

  /** Ends the stream: what is left is a line too. */
  end(): void {
    const line = this.#rest;
    this.#rest = '';
    this.#emit(line);
  }

  #emit(line: string): void {
    if (line.trim() === '' || accessLine.test(line) || serverNotice.test(line)) return;
    this.log(withoutPersonalData(line.slice(0, longestLine)));
  }
}

/** A line of PHP's error stream as a log may carry it. */
export function withoutPersonalData(line: string): string {
  const fields = readPhpLine(line);
  return fields === undefined ? cleanPhpLine(line, (text) => cleaner.text(text)) : JSON.stringify(cleaner.line(fields));
}

/** The fields of a line that PHP's own logger wrote. */
export function readPhpLine(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{"level":"')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
