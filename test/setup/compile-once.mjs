// Jest compiles every module anew for each suite, and a gateway is some 2,000 of them. Here a worker remembers V8's code
// cache of what it has compiled, which spares a suite's load a quarter of its time. Nothing else is shared: each suite still
// evaluates its own modules.
//
// Loaded by jest.config.mjs, and by `--import` in NODE_OPTIONS in Jest's workers.
import { createRequire } from 'node:module';

// Required, not imported: Jest reads from this object whenever it compiles.
const vm = createRequire(import.meta.url)('node:vm');
const { SourceTextModule, compileFunction } = vm;

/** By file, and by how it is wrapped: the source that was compiled, and what V8 made of it. */
const compiled = new Map();

const isJest = /[\\/]jest(-worker)?[\\/]/.test(process.argv[1] ?? '');
// Without --experimental-vm-modules there is none, and no suite either.
if (isJest && SourceTextModule !== undefined) {
  vm.compileFunction = compileFunctionOnce;
  vm.SourceTextModule = new Proxy(SourceTextModule, { construct: compileModuleOnce });
}

function compileFunctionOnce(source, names = [], options = {}) {
  const key = `${options.filename} ${names.join()}`;
  const cachedData = recall(key, source);
  const given = cachedData === undefined ? { produceCachedData: true } : { cachedData };
  const made = compileFunction(source, names, { ...options, ...given });
  if (made.cachedData !== undefined) compiled.set(key, { source, data: made.cachedData });
  else if (made.cachedDataRejected === true) compiled.delete(key);
  return made;
}

function compileModuleOnce(target, [source, options = {}], newTarget) {
  const key = options.identifier;
  const cachedData = recall(key, source);
  if (cachedData !== undefined) {
    try {
      return Reflect.construct(target, [source, { ...options, cachedData }], newTarget);
    } catch (error) {
      // V8 was given other flags meanwhile (baseline-wasm.mjs).
      if (error.code !== 'ERR_VM_MODULE_CACHED_DATA_REJECTED') throw error;
    }
  }
  const made = Reflect.construct(target, [source, options], newTarget);
  if (key !== undefined) compiled.set(key, { source, data: made.createCachedData() });
  return made;
}

/** V8 itself compares no more than the length of a source. */
function recall(key, source) {
  const known = compiled.get(key);
  return known?.source === source ? known.data : undefined;
}
