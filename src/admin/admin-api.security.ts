// What the admin API answers of refusals: a part of the contract in `admin-api.ts`, by whose rules it is written.

// ── GET /admin/api/security ───────────────────────────────────────────────────────────────────────────────────────────

export type SecurityKind =
  | 'rate-limited'
  | 'origin-denied'
  | 'csrf-failed'
  | 'unauthenticated'
  | 'forbidden'
  | 'login-failed'
  | 'signature-failed'
  | 'secret-stopped'
  | 'bad-request';

export interface SecurityEvent {
  readonly at: string;
  readonly kind: SecurityKind;
  readonly route: string | null;
  readonly traceId: string;
  /** A pseudonym of the address: the same caller has the same one. */
  readonly who: string;
  readonly status: number;
}

export interface SecurityView {
  readonly since: string;
  readonly counts: Readonly<Record<SecurityKind, number>>;
  /** A minute each, the last hour, the oldest first; minutes without an event are left out. */
  readonly points: readonly { readonly at: number; readonly counts: Readonly<Partial<Record<SecurityKind, number>>> }[];
  /** The last 200, latest first. `bad-request` is counted only. */
  readonly recent: readonly SecurityEvent[];
  /** Latest first. */
  readonly csp: readonly {
    readonly directive: string;
    readonly blocked: string;
    readonly page: string;
    readonly disposition: string;
    readonly count: number;
    readonly lastAt: string;
  }[];
}
