import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import './test/setup/compile-once.mjs';

// Jest's workers, and whatever tests start with their environment, reach nothing beyond this machine
// (test/setup/loopback-only.mjs). A Jest that a test starts keeps the notes of its own children apart. Workers compile each
// source once (test/setup/compile-once.mjs), as does this process, where Jest runs the suites in it.
for (const name of ['loopback-only', 'compile-once']) {
  const file = new URL(`./test/setup/${name}.mjs`, import.meta.url).href;
  if (!process.env.NODE_OPTIONS?.includes(file)) {
    process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --import=${file}`.trim();
  }
}
process.env.DONNA_LOOPBACK_ONLY = '1';
// Workers read this file too, and keep what the first process chose.
if (process.env.DONNA_LOOPBACK_NOTES_OF === undefined || process.env.JEST_WORKER_ID === undefined) {
  process.env.DONNA_LOOPBACK_NOTES_OF = String(process.pid);
  process.env.DONNA_LOOPBACK_NOTES = join(tmpdir(), `donna-loopback-${process.pid}`);
}

export default {
  testEnvironment: 'node',
  setupFiles: ['<rootDir>/test/setup/load-nest-first.mjs', '<rootDir>/test/setup/loopback-only.mjs'],
  setupFilesAfterEnv: ['<rootDir>/test/setup/fail-on-network.mjs'],
  globalSetup: '<rootDir>/test/setup/build-client.mjs',
  globalTeardown: '<rootDir>/test/setup/after-all-suites.mjs',
  testMatch: ['<rootDir>/{src,test}/**/*.{spec,e2e-spec}.ts'],
  // A second project of the same name (an unpacked copy, the build) must not be found.
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.data/'],
  // Suites wait for nearly half of their time: three run side by side on two cores.
  maxWorkers: availableParallelism() + 1,
  // Modules of ended suites are not freed: a worker that has grown is renewed before it only collects garbage.
  workerIdleMemoryLimit: '1GB',
  // How long a test may hang, not how fast it must be: that is asserted by itself.
  testTimeout: 60_000,
  extensionsToTreatAsEsm: ['.ts'],
  moduleFileExtensions: ['ts', 'js', 'mjs', 'json'],
  transform: { '^.+\\.ts$': ['@swc/jest'] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
};
