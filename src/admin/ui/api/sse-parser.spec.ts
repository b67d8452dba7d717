import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SseParser } from './sse-parser.js';

const TEXT = ': hello\n\nevent: point\r\ndata: {"at":1}\r\n\r\nid: 7\rdata:a\rdata: b\r\r\n\nevent: lost\n\ndata\n\n';
const EVENTS = [
  { event: 'point', data: '{"at":1}' },
  { event: 'message', data: 'a\nb' },
  { event: 'message', data: '' },
];

describe('SseParser', () => {
  it('reads the same events in whatever pieces they come', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(TEXT.length), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), TEXT.length];
        const parser = new SseParser();
        const events = at.flatMap((from, index) => parser.push(TEXT.slice(from, at[index + 1] ?? TEXT.length)));
        expect(events).toEqual(EVENTS);
      }),
    );
  });

  it('leaves out a byte-order mark and an event that was not ended', () => {
    expect(new SseParser().push('\uFEFFdata: first\n\ndata: half')).toEqual([{ event: 'message', data: 'first' }]);
  });

  it.each([['data: '], ['']])('refuses what has no end, after %j', (begin) => {
    const parser = new SseParser();
    const endless = (): void => {
      for (let turn = 0; turn < 30; turn += 1) parser.push(`${begin}${'x'.repeat(50_000)}${begin === '' ? '' : '\n'}`);
    };
    expect(endless).toThrow('no end');
  });
});
