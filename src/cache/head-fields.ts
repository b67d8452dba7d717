/** Values of a field by its lower-case name in name, value, …, joined by commas (RFC 9110, section 5.3); undefined where there is none. */
export function fieldOf(headers: readonly string[], wanted: string): string | undefined {
  let found: string | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i]?.toLowerCase() !== wanted) continue;
    const value = headers[i + 1] ?? '';
    found = found === undefined ? value : `${found}, ${value}`;
  }
  return found;
}

/** The fields whose lower-case names pass. */
export function fieldsWhere(headers: readonly string[], passes: (lower: string, value: string) => boolean): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? '';
    const value = headers[i + 1] ?? '';
    if (passes(name.toLowerCase(), value)) kept.push(name, value);
  }
  return kept;
}
