// WebAssembly of tests is compiled once, by V8's baseline compiler. The optimizing one makes the embedded Postgres and PHP
// faster after a while, and costs each start seconds of CPU, which tests that start them often never get back.
// Loaded by loopback-only.mjs, which stands in every process of a test; before the first WebAssembly is compiled.
import { createRequire } from 'node:module';

const { setFlagsFromString } = createRequire(import.meta.url)('node:v8');
for (const flag of ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering']) setFlagsFromString(flag);
