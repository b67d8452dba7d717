import { type Check, type CheckResult, fault, ok } from '../check.js';
import type { DoctorFacts } from '../doctor-facts.js';

/** The field and the curve constant of edwards25519. RFC 8032, section 5.1. */
const P = 2n ** 255n - 19n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;

/** The key that verifies webhooks: whether it is a point of its curve. One byte mistyped, and mostly it is not. */
export function telnyxChecks({ config }: DoctorFacts): readonly Check[] {
  const { publicKey } = config.providers.telnyx;
  if (publicKey === undefined) return [];
  return [{ name: 'telnyx key', run: () => [judge(Buffer.from(publicKey, 'base64'))] }];
}

function judge(key: Buffer): CheckResult {
  return isOnCurve(key)
    ? ok('telnyx key', 'a valid Ed25519 public key')
    : fault('telnyx key', 'no point of Ed25519: no webhook can be verified with it', 'copy TELNYX_PUBLIC_KEY again');
}

/** RFC 8032, section 5.1.3: x² = (y² − 1) / (d·y² + 1) must have a root; Euler's criterion tells. */
export function isOnCurve(key: Buffer): boolean {
  // Little-endian, without the sign of x in the last bit.
  const bytes = key.toReversed();
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  const y = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  if (y >= P) return false;
  const u = mod(y * y - 1n);
  const v = mod(D * y * y + 1n);
  // u/v is a square exactly when u·v is.
  const euler = power(mod(u * v), (P - 1n) / 2n);
  return euler === 0n || euler === 1n;
}

function mod(value: bigint): bigint {
  return ((value % P) + P) % P;
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) result = mod(result * square);
    square = mod(square * square);
  }
  return result;
}
