import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { traceFrom } from './trace-context.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describe('traceFrom', () => {
  it.each([
    ['as it is', `00-${TRACE}-${SPAN}-01`, '01'],
    ['not sampled', `00-${TRACE}-${SPAN}-00`, '00'],
    ['with flags that nobody knows', `00-${TRACE}-${SPAN}-ff`, '01'],
    ['of a later version', `01-${TRACE}-${SPAN}-01`, '01'],
    ['of a later version, with more', `cc-${TRACE}-${SPAN}-00-what-comes-next`, '00'],
  ])('goes on with the trace of a traceparent %s, under a span of its own', (_name, traceparent, flags) => {
    const trace = traceFrom(traceparent, 'x-trace-id-loses');
    expect(trace.traceId).toBe(TRACE);
    expect(trace.traceparent).toMatch(new RegExp(`^00-${TRACE}-(?!${SPAN})(?!0{16})[0-9a-f]{16}-${flags}$`));
  });

  it.each([
    ['capital letters', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['no trace', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['no span', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['the forbidden version', `ff-${TRACE}-${SPAN}-01`],
    ['more than version 00 has', `00-${TRACE}-${SPAN}-01-more`],
    ['more than version 00 has, shortly', `00-${TRACE}-${SPAN}-01-`],
    ['another field glued on', `01-${TRACE}-${SPAN}-01more`],
    ['a short trace', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['two of them', `00-${TRACE}-${SPAN}-01, 00-${TRACE}-${SPAN}-01`],
    ['nothing', ''],
  ])('takes no notice of a traceparent with %s', (_name, traceparent) => {
    expect(traceFrom(traceparent, undefined).traceId).not.toBe(TRACE);
    expect(traceFrom(traceparent, 'order-4711').traceId).toBe('order-4711');
  });

  it('keeps a valid X-Trace-Id and derives one W3C trace from it, always the same', () => {
    const [one, two] = [traceFrom(undefined, 'order-4711'), traceFrom(undefined, 'order-4711')];
    const hex = createHash('sha256').update('order-4711').digest('hex').slice(0, 32);
    expect(one.traceparent.slice(0, 36)).toBe(`00-${hex}-`);
    expect(two.traceparent.slice(0, 36)).toBe(`00-${hex}-`);
    expect(two.traceparent).not.toBe(one.traceparent);
  });

  it('uses an X-Trace-Id that is a W3C trace as it is, but not the empty one', () => {
    expect(traceFrom(undefined, TRACE).traceparent).toContain(TRACE);
    expect(traceFrom(undefined, '0'.repeat(32)).traceparent).not.toContain('0'.repeat(32));
  });

  it.each([
    'short',
    'x'.repeat(65),
    'with space',
    'line\nfeed',
    'tab\tstop',
    '<script>',
    'a,b,c,d,e,f',
    'täglich-1',
    '',
  ])('makes its own instead of %j', (value) => {
    expect(traceFrom(undefined, value).traceId).toMatch(/^[0-9a-f]{32}$/);
  });

  it('makes ids that are all different', () => {
    const made = Array.from({ length: 5000 }, () => traceFrom(undefined, undefined));
    expect(new Set(made.map(({ traceId }) => traceId)).size).toBe(5000);
    expect(new Set(made.map(({ traceparent }) => traceparent.slice(36, 52))).size).toBe(5000);
  });
});
