const LOCALE = 'en-GB';
const whole = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 1 });
const twoDigits = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 2 });
const clock = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const minute = new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(LOCALE, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

/** What stands where there is nothing to say. */
export const NOTHING = '–';

export function formatCount(value: number): string {
  return whole.format(value);
}

/** Up to three significant digits: `0.42`, `3.1`, `128`. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  return (size < 1 ? twoDigits : size < 100 ? oneDigit : whole).format(value);
}

export function formatRate(perSecond: number): string {
  return `${formatNumber(perSecond)}/s`;
}

/** A share of 1 in per cent; what is not nothing is never shown as nothing. */
export function formatShare(share: number): string {
  if (share > 0 && share < 0.0005) return '< 0.1 %';
  if (share < 1 && share > 0.9995) return '> 99.9 %';
  return `${oneDigit.format(share * 100)} %`;
}

export function formatMs(ms: number | undefined): string {
  if (ms === undefined) return NOTHING;
  if (ms > 0 && ms < 0.005) return '< 0.01 ms';
  if (ms < 1) return `${twoDigits.format(ms)} ms`;
  return ms < 1000 ? `${formatNumber(ms)} ms` : formatDuration(ms);
}

/** The two largest units: `3 d 4 h`, `12 min`, `1.4 s`. */
export function formatDuration(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 60) return `${oneDigit.format(seconds)} s`;
  const parts: readonly (readonly [number, string])[] = [
    [86_400, 'd'],
    [3600, 'h'],
    [60, 'min'],
    [1, 's'],
  ];
  const first = parts.findIndex(([size]) => seconds >= size);
  let rest = Math.round(seconds);
  const told = parts.slice(first, first + 2).map(([size, unit]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? '' : `${count} ${unit}`;
  });
  return told.filter((part) => part !== '').join(' ');
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const step = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${formatNumber(bytes / 1000 ** step)} ${units[step] ?? 'B'}`;
}

/** Hours, minutes and seconds, here. */
export function formatClock(at: Date | string | number): string {
  return toText(clock, at);
}

export function formatMinute(at: Date | string | number): string {
  return toText(minute, at);
}

export function formatDay(at: Date | string | number): string {
  return toText(day, at);
}

/** `just now`, `4 min ago`. */
export function formatAgo(at: string | number, now = Date.now()): string {
  const ms = now - new Date(at).getTime();
  if (Number.isNaN(ms)) return NOTHING;
  if (ms < 10_000) return 'just now';
  return `${formatDuration(ms < 60_000 ? Math.round(ms / 1000) * 1000 : Math.round(ms / 60_000) * 60_000)} ago`;
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

function toText(format: Intl.DateTimeFormat, at: Date | string | number): string {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? NOTHING : format.format(date);
}
