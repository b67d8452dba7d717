import type { ComponentChildren, JSX } from 'preact';
import type { RoutePoliciesView, RouteView } from '../../../admin-api.js';
import { formatBytes, formatDuration, formatMs, formatRate, formatShare } from '../../format.js';
import { Facts } from '../../parts/page.js';

/** The policies of a route in full, and how it has fared. */
export function RoutePolicies({ route }: { readonly route: RouteView }): JSX.Element {
  const { policies, recent, upstream, handler, actions } = route;
  const { cache, input, signature, invalidates, concurrency } = policies;
  const items: (readonly [string, ComponentChildren])[] = [
    ['Answered by', [upstream && `upstream ${upstream}`, handler && `handler ${handler}`].filter(Boolean).join(', ')],
    [
      'Last five minutes',
      `${formatRate(recent.rate)}, ${formatShare(recent.errorShare)} errors, p95 ${formatMs(recent.p95)}`,
    ],
    ['Authorization', describeAuthorization(policies.authorization)],
    ['Rate limits', describeLimits(policies.rateLimit)],
    ['Concurrency', describeConcurrency(concurrency)],
    ['Timeout', formatMs(policies.timeoutMs)],
    ['Largest body', formatBytes(policies.maxBodyBytes)],
    ['Envelope', policies.envelope],
    ['CORS', policies.cors],
    ['Secret scan', policies.secretScan],
  ];
  if (actions !== undefined) items.splice(1, 0, ['Actions', actions.join(', ')]);
  if (input !== undefined) items.push(['Input', input]);
  if (signature !== undefined) items.push(['Signature', signature]);
  if (cache !== undefined)
    items.push([
      'Cache',
      `${formatDuration(cache.ttlS * 1000)}, by ${cache.vary}${cache.tags.length === 0 ? '' : `, tags ${cache.tags.join(', ')}`}`,
    ]);
  if (invalidates.length > 0) items.push(['Voids', invalidates.join(', ')]);
  return <Facts items={items} />;
}

function describeAuthorization({ name, anyOf, roles, optional }: RoutePoliciesView['authorization']): string {
  if (anyOf.length === 0) return `${name}: anybody`;
  const proof = anyOf.map((one) => (one === 'jwt' ? 'token' : one === 'php-session' ? 'session' : one)).join(' or ');
  const role = roles.length === 0 ? '' : `, role ${roles.join(' or ')}`;
  return `${name}: ${proof}${role}${optional ? ', or nobody' : ''}`;
}

function describeLimits(limits: RoutePoliciesView['rateLimit']): ComponentChildren {
  if (limits.length === 0) return 'none';
  return (
    <ul>
      {limits.map(({ name, limit, windowS, per }) => (
        <li key={name}>
          {name}: {limit} in {formatDuration(windowS * 1000)} per {per}
        </li>
      ))}
    </ul>
  );
}

function describeConcurrency({ route, caller }: RoutePoliciesView['concurrency']): string {
  const parts = [
    caller === undefined ? '' : `${caller} of one caller`,
    route === undefined ? '' : `${route} on this route`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'no bound' : `${parts.join(', ')} at a time`;
}
