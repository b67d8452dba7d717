const longestLine = 500;
const accessLine = /^(?:\[\d+\] )?\[[^\]]{10,40}\] (?:\[[0-9a-f:.]+\]|\d{1,3}(?:\.\d{1,3}){3}):\d+ /i;
const serverNotice = /^(?:\[\d+\] )?\[[^\]]{10,40}\] PHP [\d.]+\S* Development Server \(.*\) started$/;

/**
 * Turns what PHP writes to its error stream into log lines: whole lines only, bounded, access lines dropped
 * (they carry addresses and query strings), and what looks personal or secret struck out.
 */
export class PhpLogLines {
  #rest = '';

  constructor(private readonly log: (line: string) => void) {}

  /** Takes the next piece of the stream, which may end in the middle of a line. */
  write(text: string): void {
    const lines = (this.#rest + text).split(/\r?\n/);
    this.#rest = (lines.pop() ?? '').slice(-8 * longestLine);
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
    this.log(withoutPersonalData(line).slice(0, longestLine));
  }
}

/** Strikes out e-mail addresses, credentials, network addresses and long numbers such as telephone numbers. */
export function withoutPersonalData(line: string): string {
  return line
    .replace(/[^\s@<>"'(]+@[^\s@<>"')]+\.[a-z]{2,}/gi, '[email]')
    .replace(/\b(bearer|basic)\s+[\w.~+/=-]+/gi, '$1 [secret]')
    .replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[token]')
    .replace(/\b(?:sk|ek|pk|KEY)[-_]?[A-Za-z0-9_-]{16,}/g, '[key]')
    .replace(/\b\d{1,3}(?:\.\d{1,3}){3}\b/g, '[address]')
    .replace(/\+?\d(?:[ ()./-]?\d){7,}/g, '[number]');
}
