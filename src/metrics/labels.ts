/** Label names and their values as Prometheus' text format has them: `route="chat",class="2xx"`. */
export function labelText(names: readonly string[], values: readonly string[]): string {
  return names.map((name, i) => `${name}="${escaped(values[i] ?? '')}"`).join(',');
}

/** A series with its labels, or the bare name where it has none. */
export function seriesName(name: string, labels: string): string {
  return labels === '' ? name : `${name}{${labels}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
