/** Fields that end at the next hop (RFC 9110, section 7.6.1, and the older ones that software still sends). */
const HOP_BY_HOP = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Fields that `Connection` may not take away: without them the message would mean something else. */
const KEPT_WHATEVER = new Set([
  'host',
  'content-length',
  'content-type',
  'content-encoding',
  'cache-control',
  'cookie',
  'set-cookie',
  'authorization',
  'via',
]);

/** Says of a lower-case field name whether it ends here, given what the message's `Connection` fields name. */
export type HopTest = (name: string) => boolean;

const ends: HopTest = (name) => HOP_BY_HOP.has(name);

/** The test for one message, from its flat headers (name, value, …). */
export function hopTestFor(headers: readonly string[]): HopTest {
  let named: Set<string> | undefined;
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] ?? '';
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue;
    for (const token of (headers[i + 1] ?? '').split(',')) {
      const field = token.trim().toLowerCase();
      if (field === '' || field === 'close' || field === 'keep-alive' || KEPT_WHATEVER.has(field)) continue;
      named ??= new Set();
      named.add(field);
    }
  }
  if (named === undefined) return ends;
  const also = named;
  return (name) => HOP_BY_HOP.has(name) || also.has(name);
}
