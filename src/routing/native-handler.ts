import { All, applyDecorators } from '@nestjs/common';

/** Where the pipeline sends a request for a native handler: no address that a client's path could become. */
const MOUNT = '/~native/';

const names = new Set<string>();

/**
 * Marks a controller's method as the native handler of that name in the route table. Path, methods and policies stand
 * in the table alone; the pipeline brings the request here once all of them are passed.
 */
export function NativeHandler(name: string): MethodDecorator {
  names.add(name);
  return applyDecorators(All(MOUNT + name));
}

/** Names of all native handlers whose controllers are loaded. */
export function nativeHandlerNames(): ReadonlySet<string> {
  return names;
}

/** The internal address of a native handler. */
export function nativeHandlerPath(name: string): string {
  return MOUNT + name;
}
