import { describeInput, type FieldDescription } from '../contract/index.js';
import type { Route, RouteGroup } from '../routing/index.js';
import { descriptionOf } from './descriptions/index.js';
import type { RouteDescription } from './route-description.js';

export type Fields = ReadonlyMap<string, FieldDescription>;

/** One of the things that a path and method do: all of it, or what some values of `action` choose. */
export interface Variant {
  readonly route: Route;
  /** Undefined: without an action. */
  readonly actions: readonly string[] | undefined;
  readonly description: RouteDescription | undefined;
  readonly fields: Fields;
}

/** The proof of a form goes by a header here. */
const NOT_SHOWN = 'csrf_token';

export function routesOf({ base, byAction }: RouteGroup): readonly Route[] {
  return [...(base === undefined ? [] : [base]), ...new Set(byAction?.values())];
}

export function variantsOf(group: RouteGroup, method: string): readonly Variant[] {
  return routesOf(group).flatMap((route) => {
    const description = descriptionOf(route, method);
    if (description === null) return [];
    const variant = (actions: readonly string[] | undefined): Variant => ({
      route,
      actions,
      description,
      fields: fieldsOf(route, actions?.[0]),
    });
    const { actions } = route.match;
    if (actions !== undefined) return byFields(route, actions).map(variant);
    if (group.byAction === undefined) return [variant(undefined)];
    const { actions: served, isWithoutAction } = description?.serves ?? { actions: [], isWithoutAction: true };
    return [...(isWithoutAction ? [variant(undefined)] : []), ...byFields(route, served).map(variant)];
  });
}

/** Actions that demand the same fields are one. */
function byFields(route: Route, actions: readonly string[]): readonly (readonly string[])[] {
  const groups = new Map<string, string[]>();
  for (const action of actions) {
    const key = JSON.stringify([...fieldsOf(route, action)]);
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [action]);
    else known.push(action);
  }
  return [...groups.values()];
}

function fieldsOf({ policies: { input } }: Route, action: string | undefined): Fields {
  const fields = new Map(input === undefined ? [] : describeInput(input, action));
  fields.delete(NOT_SHOWN);
  return fields;
}
