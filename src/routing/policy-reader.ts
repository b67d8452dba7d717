import { cachePolicyOf } from './cache-policy.js';
import { NOBODY } from './route-gate.js';
import type { PoliciesInput, RouteTableInput } from './route-table.input.js';
import type { AuthorizationPolicy, RateLimitPolicy, RoutePolicies, SignaturePolicy } from './route.js';

/** Notes a fault by the path of keys to where it stands. */
export type ReportFault = (path: readonly string[], problem: string) => void;

/** Resolves policies from their names. */
export class PolicyReader {
  private readonly authorization = new Map<string, AuthorizationPolicy>();
  private readonly rateLimit = new Map<string, RateLimitPolicy>();
  private readonly signature = new Map<string, SignaturePolicy>();

  constructor(
    private readonly input: RouteTableInput,
    private readonly dtos: ReadonlySet<string>,
    private readonly fault: ReportFault,
  ) {
    for (const [name, value] of Object.entries(input.policies.authorization ?? {})) {
      if (value?.optional === true && (value.roles?.length ?? 0) > 0) {
        this.fault(['policies', 'authorization', name], 'asks for roles and is optional: it must be one of them');
      }
      if (value?.anyOf?.length === 0 && (value.roles?.length ?? 0) > 0) {
        this.fault(
          ['policies', 'authorization', name, 'anyOf'],
          'names no way to prove the roles: e.g. [jwt, php-session]',
        );
      }
      this.authorization.set(name, {
        name,
        anyOf: value?.anyOf ?? (value?.roles ? ['jwt', 'php-session'] : []),
        roles: value?.roles ?? [],
        optional: value?.optional ?? false,
      });
    }
    for (const name of ['cache', 'invalidates'] as const)
      if (input.defaults?.[name] !== undefined)
        this.fault(['defaults', name], 'is a matter of each route: name it there');
    for (const [name, value] of Object.entries(input.policies.rateLimit ?? {})) {
      if (value.per === 'field' && value.field === undefined)
        this.fault(['policies', 'rateLimit', name], '`per: field` needs the name of the field, e.g. field: email');
      if (value.per === 'identity' && value.field !== undefined)
        this.fault(['policies', 'rateLimit', name], '`field` goes with `per: field` or `per: ip`');
      this.rateLimit.set(name, { field: undefined, counts: 'policy', ...value, name });
    }
    for (const [name, value] of Object.entries(input.policies.signature ?? {}))
      this.signature.set(name, { windowS: 300, ...value, name });
  }

  /** The policies of the route at `at`: its own, else the table's defaults, else the gateway's. */
  read(at: readonly string[], own: PoliciesInput): RoutePolicies {
    const chosen: PoliciesInput = { ...this.input.defaults, ...own };
    const whereIs = (policy: keyof PoliciesInput): readonly string[] =>
      own[policy] === undefined && this.input.defaults?.[policy] !== undefined
        ? ['defaults', policy]
        : [...at, 'policies', policy];
    if (chosen.signature !== undefined && chosen.upgrade === true)
      this.fault(whereIs('signature'), 'cannot be verified on a route with `upgrade: true`: an upgrade has no body');
    return {
      authorization: this.authorizationOf(at, whereIs('authorization'), chosen.authorization),
      rateLimit: (chosen.rateLimit ?? []).flatMap((name) => this.rateLimitOf(whereIs('rateLimit'), name)),
      concurrency: {
        route: chosen.concurrency?.route,
        caller: chosen.concurrency?.caller,
        upstream: chosen.concurrency?.upstream,
      },
      signature: this.signatureOf(whereIs('signature'), chosen.signature),
      input: this.dtoOf(whereIs('input'), chosen.input),
      unknownFields: chosen.unknownFields ?? 'allow',
      secretScan: chosen.secretScan ?? 'all',
      timeoutMs: chosen.timeoutMs ?? 30_000,
      idleTimeoutMs: chosen.idleTimeoutMs ?? 60_000,
      maxBodyBytes: chosen.maxBodyBytes ?? 1024 * 1024,
      bodyIdleTimeoutMs: chosen.bodyIdleTimeoutMs ?? 20_000,
      maxAnswerBytes: chosen.maxAnswerBytes ?? 16 * 1024 * 1024,
      cors: chosen.cors ?? 'gateway',
      securityHeaders: chosen.securityHeaders ?? 'gateway',
      envelope: chosen.envelope ?? 'splice',
      answers: chosen.answers ?? 'any',
      tolerate: chosen.tolerate ?? 'nothing',
      errorWhen: chosen.errorWhen,
      upgrade: chosen.upgrade ?? false,
      endsSession: chosen.endsSession ?? false,
      // Of a route alone: what is safe to keep, and what a write changes, no default can know.
      cache: own.cache === undefined ? undefined : cachePolicyOf(own.cache),
      invalidates: own.invalidates ?? [],
    };
  }

  private authorizationOf(
    at: readonly string[],
    where: readonly string[],
    name: string | undefined,
  ): AuthorizationPolicy {
    if (name === undefined) {
      this.fault(at, 'names no authorization policy: nobody could call it');
      return NOBODY;
    }
    const policy = this.authorization.get(name);
    if (policy === undefined) this.fault(where, `there is no authorization policy "${name}"`);
    return policy ?? NOBODY;
  }

  private rateLimitOf(where: readonly string[], name: string): readonly RateLimitPolicy[] {
    const policy = this.rateLimit.get(name);
    if (policy === undefined) this.fault(where, `there is no rate limit policy "${name}"`);
    return policy === undefined ? [] : [policy];
  }

  private signatureOf(where: readonly string[], name: string | undefined): SignaturePolicy | undefined {
    if (name === undefined) return undefined;
    const policy = this.signature.get(name);
    if (policy === undefined) this.fault(where, `there is no signature policy "${name}"`);
    return policy;
  }

  private dtoOf(where: readonly string[], name: string | undefined): string | undefined {
    if (name !== undefined && !this.dtos.has(name))
      this.fault(where, `there is no DTO "${name}"; known: ${[...this.dtos].toSorted().join(', ')}`);
    return name;
  }
}
