// Runs before the page is painted: a remembered theme does not flash in the other one first.
const KEY = 'donna-theme';

function readTheme(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    // A browser may forbid it; the system's theme does.
    return null;
  }
}

const theme = readTheme();
if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme;
