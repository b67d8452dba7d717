/** A native handler's answer with fields beside `data`: contract section 1 allows them where a client reads them. */
export class EnvelopeFields {
  constructor(readonly fields: Readonly<Record<string, unknown>>) {}
}

/** What a native handler returns, as `{ success: true, traceId, data }`. */
export function envelopeNative(value: unknown, traceId: string): Readonly<Record<string, unknown>> {
  return value instanceof EnvelopeFields
    ? { success: true, traceId, ...value.fields }
    : { success: true, traceId, data: value ?? null };
}
