/** A class whose properties class-validator's decorators describe. */
export type DtoClass = new () => object;

const classes = new Map<string, DtoClass>();

/** Registers a DTO under the name by which the route table asks for it. @throws Error when two classes claim one name */
export function InputDto(name: string): (dto: DtoClass) => void {
  return (dto) => {
    if (classes.has(name)) throw new Error(`two DTOs are named "${name}"`);
    classes.set(name, dto);
  };
}

/** Names of all DTOs that are loaded. */
export function inputDtoNames(): ReadonlySet<string> {
  return new Set(classes.keys());
}

/** The class registered under a name. */
export function inputDto(name: string): DtoClass | undefined {
  return classes.get(name);
}
