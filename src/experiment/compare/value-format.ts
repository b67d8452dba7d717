import type { ValueFormat } from './noise-model.js';

type ScalarKind = 'string' | 'number';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const EMAIL = /^[^\s@]{1,64}@[^\s@.]+(?:\.[^\s@.]+)+$/;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/;
/** `conv_`, `evt-`: what comes before a random part. */
const PREFIXED = /^((?:[A-Za-z]{1,24}[_:.-])?)([A-Za-z0-9]+)$/;
const MIN_HEX = 8;
const MIN_TOKEN = 16;
/** Longer values are of no known form. */
const MAX_LENGTH = 256;
/** Unix times from 2001 on to 2096. */
const EARLIEST_S = 1e9;
const LATEST_S = 4e9;

/** The forms that a value has, the narrowest first. `toleranceMs` is 0: the learner sets it. */
export function formatsOf(kind: ScalarKind, text: string): ValueFormat[] {
  if (text.length > MAX_LENGTH) return [];
  const formats: ValueFormat[] = [];
  const unit = unixUnit(text);
  if (unit !== undefined) {
    formats.push({ name: 'unix-time', unit, isString: kind === 'string', toleranceMs: 0 });
  }
  if (kind === 'number') {
    formats.push({ name: 'number', isInteger: /^-?\d+$/.test(text), isNegative: text.startsWith('-') });
    return formats;
  }
  if (UUID.test(text)) formats.push({ name: 'uuid' });
  if (EMAIL.test(text)) formats.push({ name: 'email' });
  if (ISO_TIME.test(text) && !Number.isNaN(isoMs(text))) {
    formats.push({ name: 'iso-time', shape: isoShape(text), toleranceMs: 0 });
  }
  const [, prefix = '', random = ''] = PREFIXED.exec(text) ?? [];
  if (random.length >= MIN_HEX && /^[0-9a-f]+$/i.test(random) && /\d/.test(random)) {
    formats.push({ name: 'hex', prefix, length: random.length });
  }
  if (random.length >= MIN_TOKEN && /\d/.test(random) && /[A-Za-z]/.test(random)) {
    formats.push({ name: 'token', prefix, length: random.length });
  }
  return formats;
}

/** Whether a value of one format is of the other too, times apart, which `hasFormats` holds to their tolerance. */
export function isSameFormat(a: ValueFormat, b: ValueFormat): boolean {
  switch (a.name) {
    case 'uuid':
    case 'email':
      return a.name === b.name;
    case 'iso-time':
      return b.name === 'iso-time' && a.shape === b.shape;
    case 'unix-time':
      return b.name === 'unix-time' && a.unit === b.unit && a.isString === b.isString;
    case 'hex':
    case 'token':
      return a.name === b.name && a.prefix === b.prefix && a.length === b.length;
    case 'number':
      return b.name === 'number' && a.isInteger === b.isInteger && a.isNegative === b.isNegative;
  }
}

/** Whether two values that differ are both of `format`; two times besides no further apart than its tolerance. */
export function areBothOf(format: ValueFormat, kind: ScalarKind, a: string, b: string): boolean {
  const isOf = (text: string): boolean => formatsOf(kind, text).some((other) => isSameFormat(format, other));
  if (!isOf(a) || !isOf(b)) return false;
  const gap = gapMs(format, a, b);
  return gap === undefined || ('toleranceMs' in format && gap <= format.toleranceMs);
}

/** Whether two values are of the narrowest form that the first one has, and times no further apart than `toleranceMs`. */
export function haveOneForm(kind: ScalarKind, a: string, b: string, toleranceMs: number): boolean {
  const [format] = formatsOf(kind, a);
  if (format === undefined) return false;
  return areBothOf('toleranceMs' in format ? { ...format, toleranceMs } : format, kind, a, b);
}

/** Milliseconds between two times; undefined for what is no time. */
export function gapMs(format: ValueFormat, a: string, b: string): number | undefined {
  if (format.name === 'iso-time') return Math.abs(isoMs(a) - isoMs(b));
  if (format.name === 'unix-time') return Math.abs(Number(a) - Number(b)) * (format.unit === 's' ? 1000 : 1);
  return undefined;
}

function unixUnit(text: string): 's' | 'ms' | undefined {
  if (!/^\d{10}(?:\d{3})?(?:\.\d{1,6})?$/.test(text)) return undefined;
  const value = Number(text);
  if (value >= EARLIEST_S && value <= LATEST_S) return 's';
  return value >= EARLIEST_S * 1000 && value <= LATEST_S * 1000 ? 'ms' : undefined;
}

function isoMs(text: string): number {
  // Without an offset both sides mean the same zone.
  const isBare = text.length > 10 && !/(?:Z|[+-]\d{2}:?\d{2})$/.test(text.slice(10));
  const spelt = text.replace(' ', 'T').replace(/([+-]\d{2})(\d{2})$/, '$1:$2');
  return Date.parse(text.length > 10 && isBare ? `${spelt}Z` : spelt);
}

/** PHP's `c` writes `+00:00` where JavaScript writes `Z`: another shape, so that a client that parses by hand is not surprised. */
function isoShape(text: string): string {
  return text.replaceAll(/\d/g, '9').replaceAll(/[+-](?=99:?99$)/g, '+');
}
