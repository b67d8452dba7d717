import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { LogCleaner, Pseudonyms } from '../../src/privacy/index.js';
import { findSystemPhp } from '../../src/forward/embedded/find-system-php.js';
import { runPhp } from '../support/run-php.js';
import { IDENTITY_SECRET } from '../support/test-gateway.js';

const LEGACY_PHP = resolve(import.meta.dirname, '../../legacy-php');

interface Corpus {
  readonly texts: readonly { readonly text: string; readonly secrets: readonly string[] }[];
  readonly injections: readonly string[];
  readonly kept: readonly string[];
  readonly lines: readonly {
    readonly fields: Readonly<Record<string, unknown>>;
    readonly secrets: readonly string[];
  }[];
}

const corpus = JSON.parse(readFileSync(`${LEGACY_PHP}/tests/fixtures/privacy-corpus.json`, 'utf8')) as Corpus;
const cleaner = new LogCleaner(Pseudonyms.from(IDENTITY_SECRET));
const masking = new LogCleaner();
const php = await findSystemPhp();

/** What PHP's cleaner makes of texts, or of JSON objects. */
function cleanInPhp(kind: 'text' | 'line', texts: readonly string[]): string[] {
  const make =
    kind === 'text'
      ? 'out($cleaner->text($text));'
      : 'out(json_encode($cleaner->line(json_decode($text, true)), FLAGS));';
  return runPhp(
    php?.path ?? '',
    `require ${JSON.stringify(`${LEGACY_PHP}/lib/autoload.php`)};
     $cleaner = new Donna\\Privacy\\Cleaner(new Donna\\Privacy\\Pseudonyms(${JSON.stringify(IDENTITY_SECRET)}));
     foreach ($in as $text) { ${make} }`,
    texts,
  );
}

describe('texts in logs', () => {
  it.each(corpus.texts)('lose what is personal: $text', ({ text, secrets }) => {
    for (const clean of [cleaner.text(text), masking.text(text)])
      for (const secret of secrets) expect(clean).not.toContain(secret);
  });

  it.each(corpus.kept)('keep what explains a fault: %s', (text) => {
    expect(cleaner.text(text)).toBe(text);
  });

  it.each(corpus.injections)('stay on one line, without control characters: %j', (text) => {
    const clean = cleaner.text(text);
    expect(clean).toMatch(/^[^\p{Cc}\u2028\u2029\u202e\u200b]*$/u);
    expect(clean.length).toBeGreaterThan(2);
  });

  it('lose what the bound cuts in two, and cost as much as they are long', () => {
    for (const length of [1010, 1015, 1020, 1023]) {
      const clean = cleaner.text(`${'x '.repeat(length / 2)}anna.schmidt@post.example`);
      expect(clean).not.toMatch(/anna|schmidt/);
    }
    for (const hostile of ['a@', '1 ', '"', '%40', '\\u0040', 'name=', ':a', 'Ä ', '((', 'A1', '[text] ', '&#', '/?'])
      expect(cleaner.text(hostile.repeat(1_000_000 / hostile.length)).length).toBeLessThanOrEqual(2048);
  });

  it('are in PHP what they are here', () => {
    const texts = [...corpus.texts.map(({ text }) => text), ...corpus.kept, ...corpus.injections];
    expect(cleanInPhp('text', texts)).toEqual(texts.map((text) => cleaner.text(text)));
  });
});

describe('fields in logs', () => {
  it.each(corpus.lines)('lose what is personal: %j', ({ fields, secrets }) => {
    for (const clean of [cleaner.line(fields), masking.line(fields)])
      for (const secret of secrets) expect(JSON.stringify(clean)).not.toContain(secret);
  });

  it('are in PHP what they are here', () => {
    const made = cleanInPhp(
      'line',
      corpus.lines.map(({ fields }) => JSON.stringify(fields)),
    );
    expect(made.map((line) => JSON.parse(line) as unknown)).toEqual(
      corpus.lines.map(({ fields }) => cleaner.line(fields)),
    );
  });
});

describe('a log file of PHP', () => {
  it('is a file: neither a link nor a pipe, which nobody may read', () => {
    const folder = mkdtempSync(join(tmpdir(), 'donna-php-log-'));
    const path = (name: string): string => join(folder, name);
    execFileSync('mkfifo', [path('pipe.log')]);
    writeFileSync(path('target'), '');
    symlinkSync(path('target'), path('link.log'));
    const written = runPhp(
      php?.path ?? '',
      `require ${JSON.stringify(`${LEGACY_PHP}/lib/autoload.php`)};
       foreach ($in as $path) out(var_export((new Donna\\Logging\\LogFile($path, 65536))->write('info', "line\\n"), true));`,
      ['pipe.log', 'link.log', 'file.log', 'file.log'].map(path),
    );
    expect(written).toEqual(['false', 'false', 'true', 'true']);
    expect([readFileSync(path('target'), 'utf8'), readFileSync(path('file.log'), 'utf8')]).toEqual([
      '',
      'line\nline\n',
    ]);
    rmSync(folder, { recursive: true });
  });
});
