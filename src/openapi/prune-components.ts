import type { OpenApiDocument } from './document.types.js';

const KINDS = ['schemas', 'responses', 'headers'] as const;
const REFERENCE = /^#\/components\/(schemas|responses|headers)\/(.+)$/;

/** The same document without the components that nothing refers to. */
export function pruneComponents(document: OpenApiDocument): OpenApiDocument {
  const used = new Set<string>();
  const see = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    const { $ref } = value as { $ref?: unknown };
    if (typeof $ref === 'string') {
      const [, kind, name] = REFERENCE.exec($ref) ?? [];
      if (kind === undefined || name === undefined || used.has($ref)) return;
      used.add($ref);
      see((document.components as unknown as Record<string, Record<string, unknown>>)[kind]?.[name]);
      return;
    }
    for (const member of Object.values(value)) see(member);
  };
  see(document.paths);
  const kept = KINDS.map((kind) => [
    kind,
    Object.fromEntries(
      Object.entries(document.components[kind])
        .filter(([name]) => used.has(`#/components/${kind}/${name}`))
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ),
  ]);
  return { ...document, components: { ...document.components, ...Object.fromEntries(kept) } };
}
