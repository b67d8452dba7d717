import type { JSX } from 'preact';

/** Strokes in a square of 20. */
const PATHS = {
  overview: 'M3 12l4-5 4 4 6-7M3 17h14',
  routes: 'M5 4v8a3 3 0 0 0 3 3h7M12 12l3 3-3 3M5 4h.01M5 8h5',
  experiments: 'M8 3h4M9 3v5l-5 8.2a.8.8 0 0 0 .7 1.3h10.6a.8.8 0 0 0 .7-1.3L11 8V3M6.5 13h7',
  realtime: 'M3 10h1.5M7 6v8M10.5 3v14M14 7v6M17 10h.5',
  security: 'M10 2.5l6 2.2v4.8c0 4-2.6 6.7-6 8-3.4-1.3-6-4-6-8V4.7zM7.5 10l1.8 1.8 3.2-3.4',
  data: 'M4 5c0-1.4 2.7-2.5 6-2.5S16 3.6 16 5s-2.7 2.5-6 2.5S4 6.4 4 5zM4 5v10c0 1.4 2.7 2.5 6 2.5s6-1.1 6-2.5V5M4 10c0 1.4 2.7 2.5 6 2.5s6-1.1 6-2.5',
  trace: 'M3 4.5h7M6 10h8M10 15.5h7',
  system: 'M3 4h14v9H3zM7 17h6M10 13v4',
  light:
    'M10 6.5a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7zM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 4.3l1.1 1.1M14.6 14.6l1.1 1.1M4.3 15.7l1.1-1.1M14.6 5.4l1.1-1.1',
  dark: 'M16.5 12.2A7 7 0 0 1 7.8 3.5a7 7 0 1 0 8.7 8.7z',
  close: 'M5 5l10 10M15 5L5 15',
  back: 'M12 4l-6 6 6 6',
} as const;

export type IconName = keyof typeof PATHS;

/** Beside words that say the same: not read aloud. */
export function Icon({ name }: { readonly name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** Donna's mark. */
export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 64 64" aria-hidden="true" focusable="false">
      <rect class="mark-ground" width="64" height="64" rx="16" />
      <path class="mark-line" d="M20 16h12c9 0 16 7 16 16s-7 16-16 16H20z" />
      <circle class="mark-dot" cx="31" cy="32" r="4.5" />
    </svg>
  );
}
