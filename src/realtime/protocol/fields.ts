/** A JSON object as it was read. */
export type Fields = Readonly<Record<string, unknown>>;

/** A value as a JSON object; undefined when it is none. */
export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

/** A frame as a JSON object; undefined when it is none. For small frames only. */
export function parseFrame(frame: Buffer): Fields | undefined {
  try {
    return fieldsOf(JSON.parse(frame.toString('utf8')));
  } catch {
    return undefined;
  }
}

/** Without the fields whose value is undefined, so that what was not said is not said now. */
export function present(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
