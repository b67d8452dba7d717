import { createStore } from './store.js';

export type ThemeChoice = 'system' | 'light' | 'dark';

const KEY = 'donna-theme';

/** What the person chose; `system` follows the device. */
export const themeChoice = createStore<ThemeChoice>(readChoice());
/** Counts up whenever the colours on the page change, for what is drawn on a canvas. */
export const paint = createStore(0);

export function chooseTheme(choice: ThemeChoice): void {
  const { dataset } = document.documentElement;
  if (choice === 'system') delete dataset['theme'];
  else dataset['theme'] = choice;
  try {
    if (choice === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, choice);
  } catch {
    // Not remembered, but shown.
  }
  themeChoice.set(choice);
  paint.set(paint.get() + 1);
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => paint.set(paint.get() + 1));

function readChoice(): ThemeChoice {
  const theme = document.documentElement.dataset['theme'];
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}
