import { describe, expect, it } from '@jest/globals';
import { expectCpuTimes } from '../../../test/support/cpu-time.js';
import { readFormTree, readFormValue, readJsonBody, readMultipartTree, readMultipartValue } from './index.js';

/** What the largest body bound of the shipped table lets in (`voice.converse`). */
const BYTES = 14_680_064;
/** So many times the CPU of a plain form of the same size; a dozen times are used, in quadratic time a thousand. */
const MOST_TIMES = 60;
const LONG_BOUNDARY = 'b'.repeat(4000);

function filled(start: string, unit: string): Buffer {
  return Buffer.concat([Buffer.from(start, 'latin1'), Buffer.alloc(BYTES - start.length, unit, 'latin1')]);
}

const plain = filled('a=', 'x');
const readPlain = (): void => expect(readFormTree(plain).kind).toBe('read');

// Regression: one body of 14 MB kept the process busy for seconds, with a long boundary for half a minute.
describe('the largest body costs little', () => {
  it.each([
    ['of empty lines', 'B', filled('', '\n')],
    ['of short lines', 'B', filled('', 'ab\n')],
    ['of header lines', 'B', filled('--B\n', 'a:b\n')],
    ['of continued header lines', 'B', filled('--B\na:b\n', ' x\n')],
    ['of parts without a name', 'B', filled('', '--B\n\n')],
    [
      'of what begins like a long boundary',
      LONG_BOUNDARY,
      filled(`--${LONG_BOUNDARY}\nContent-Disposition: form-data; name=a\n\n`, `\n--${LONG_BOUNDARY.slice(1)}`),
    ],
  ])('as multipart %s, which is refused', (_title, boundary, body) => {
    const type = `multipart/form-data; boundary=${boundary}`;
    expectCpuTimes(MOST_TIMES, readPlain, () => expect(readMultipartTree(body, type).kind).toBe('refused'));
    expectCpuTimes(MOST_TIMES, readPlain, () => expect(readMultipartValue(body, type, 'a').kind).toBe('not-scalar'));
  });

  it.each([
    ['of plus signs', filled('a=', '+'), 'read'],
    ['of percent signs', filled('a=', '%'), 'read'],
    ['of bytes that are no UTF-8', filled('a=', '%ff'), 'read'],
    ['of spaces before a name', filled('', '+'), 'read'],
    ['of open brackets', filled('a', '['), 'refused'],
  ])('as a form %s', (_title, body, kind) => {
    expectCpuTimes(MOST_TIMES, readPlain, () => expect(readFormTree(body).kind).toBe(kind));
    expectCpuTimes(MOST_TIMES, readPlain, () => readFormValue(body, 'action'));
  });

  // Regression: the pattern for these overflowed the stack.
  it('as JSON of byte-order marks', () => {
    const body = Buffer.from(`${'\ufeff '.repeat(BYTES / 4 - 1)}1`);
    expectCpuTimes(MOST_TIMES, readPlain, () => expect(readJsonBody(Buffer.from(body)).kind).toBe('read'));
  });
});

describe('a multipart body', () => {
  it('with a boundary as long as any client writes is read', () => {
    const boundary = 'b'.repeat(70);
    const body = Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--${boundary}--\r\n`);
    expect(readMultipartValue(body, `multipart/form-data; boundary=${boundary}`, 'a')).toEqual({
      kind: 'value',
      value: 'x',
    });
  });
});
