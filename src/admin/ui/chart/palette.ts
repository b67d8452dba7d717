/** Custom properties of tokens.css that a chart may use. */
export type Ink = 'php' | 'native' | 'cache' | 'gateway' | 'good' | 'warn' | 'bad' | 'accent' | 'soft';

/** The colour as it is on the page at the moment: light, dark or chosen. */
export function inkOf(ink: Ink | 'line' | 'text'): string {
  const name = {
    line: '--line',
    text: '--soft',
    soft: '--soft',
    accent: '--accent',
    good: '--good',
    warn: '--warn',
    bad: '--bad',
  };
  const property = ink in name ? name[ink as keyof typeof name] : `--chart-${ink}`;
  return getComputedStyle(document.documentElement).getPropertyValue(property).trim();
}
