import type { Route } from '../routing/index.js';
import type { Exchange } from '../trace/index.js';

/** Every stored answer has it: whoever voids it empties the cache. */
export const EVERYTHING = '*';
const SUBJECT = '{subject}';

export function tagOfRoute(name: string): string {
  return `route ${name}`;
}

/**
 * The address itself, which every unsafe request to it voids (RFC 9111, section 4.4): for all where all have the same answer,
 * else for who sent it, since each caller's answers are a private cache of his own. What others see of it the tags say.
 */
function tagOfAddress({ path, search }: Exchange, subject: string): string {
  return `address ${subject}\n${path}${search}`;
}

const NOBODY = '';

/** The tags under which a route's answer to this request is kept. */
export function tagsOfRead({ name, policies }: Route): (exchange: Exchange) => readonly string[] {
  const always = [EVERYTHING, tagOfRoute(name)];
  const own = policies.cache?.tags ?? [];
  const isPublic = policies.cache?.vary === 'public';
  return (exchange) => [
    ...always,
    tagOfAddress(exchange, isPublic ? NOBODY : subjectOf(exchange)),
    ...expand(own, exchange),
  ];
}

/** The tags that a request which changes something voids. */
export function tagsOfWrite({ policies: { invalidates } }: Route): (exchange: Exchange) => readonly string[] {
  return (exchange) => [
    tagOfAddress(exchange, NOBODY),
    tagOfAddress(exchange, subjectOf(exchange)),
    ...expand(invalidates, exchange),
  ];
}

function subjectOf({ identity }: Exchange): string {
  return identity === undefined ? NOBODY : `of ${identity.subject}`;
}

/** `{subject}` is who calls; what is nobody's has no such tag. */
function expand(tags: readonly string[], { identity }: Exchange): readonly string[] {
  return tags.flatMap((tag) => {
    if (tag === EVERYTHING) return [EVERYTHING];
    if (!tag.includes(SUBJECT)) return [`tag ${tag}`];
    return identity === undefined ? [] : [`tag ${tag.replace(SUBJECT, () => identity.subject)}`];
  });
}

/** A tag as it is written in the route table, or with somebody's subject in it. */
export function tagNamed(name: string): string {
  return `tag ${name}`;
}
