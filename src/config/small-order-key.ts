/**
 * The points of small order on edwards25519 by their y coordinate: little-endian, in every encoding (canonical and not), the
 * sign bit left out. For such a key signatures are found without a private key, for the first always: OpenSSL accepted them
 * before 3.5, newer ones refuse every message.
 */
const SMALL_ORDER_Y = new Set([
  '0100000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

/** Whether a public key (base64 of 32 bytes) is one of the Ed25519 points that sign for everybody; all zeros is among them. */
export function isSmallOrderKey(base64: string): boolean {
  const y = Buffer.from(base64, 'base64');
  y[31] = (y[31] ?? 0) & 0x7f;
  return SMALL_ORDER_Y.has(y.toString('hex'));
}
