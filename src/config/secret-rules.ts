/** RFC 7518, section 3.2: a key for HS256 has at least the size of the hash, 256 bits. */
const LEAST_BYTES = 32;

/** Secrets that stand in tutorials, templates and our own example, and therefore in every attacker's list. */
const KNOWN_WEAK = [
  /change[-_ ]?(me|this|it|in[-_ ]?prod)/i,
  /replace[-_ ]?(me|this|with)/i,
  /^your[-_ ].*(secret|key)/i,
  /^(my|super|jwt|a)?[-_ ]?(super|string)?[-_ ]?(secret|password)([-_ ]?(key|at-least-256-bits-long))?[\d!]*$/i,
  /^(dev|development|default|insecure|local)[-_ ].*(secret|key)/i,
];

/** What makes a secret unfit to sign with, as the end of a sentence, or nothing. */
export function secretProblem(secret: string): string | undefined {
  if (Buffer.byteLength(secret) < LEAST_BYTES) return `must be at least ${LEAST_BYTES} bytes long`;
  if (KNOWN_WEAK.some((pattern) => pattern.test(secret))) return 'is a well-known example value: make one of your own';
  return undefined;
}
