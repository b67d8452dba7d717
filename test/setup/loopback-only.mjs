// Tests reach nothing beyond this machine. Any attempt fails at once with ELOOPBACKONLY, and is remembered, so that the
// test fails even where the code under test swallows the error (fail-on-network.mjs asks).
//
// Loaded three ways: as a Jest setup file (it patches Node's own module objects, which all test files of a process
// share), by `--import` in NODE_OPTIONS (jest.config.mjs sets it) in Jest's workers, and by the same in every Node child of a
// test that inherits its environment. A child has no test of its own to fail: it notes the attempt as a file in
// DONNA_LOOPBACK_NOTES. (Not reached: a worker thread made from a string with eval, which Node starts without preloads.) PHP obeys DONNA_LOOPBACK_ONLY=1 by itself.
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import './baseline-wasm.mjs';

// Required, not imported: Jest would keep the named exports of an imported module as they were before the patch.
const require = createRequire(import.meta.url);
const dgram = require('node:dgram');
const dns = require('node:dns');
const net = require('node:net');

const MARK = Symbol.for('donna.loopback-only');
/** Jest itself and its workers, whose tests can fail; any other process is a test's child. */
const isJest = /[\\/]jest(-worker)?[\\/]/.test(process.argv[1] ?? '');

// Each worker of Jest's has a folder of its own, which its children inherit: their notes fail the test that started them.
const { DONNA_LOOPBACK_NOTES: notes, JEST_WORKER_ID: worker } = process.env;
if (
  net[MARK] === undefined &&
  isJest &&
  notes !== undefined &&
  worker !== undefined &&
  !notes.endsWith(`-${worker}w`)
) {
  process.env.DONNA_LOOPBACK_NOTES = join(notes, `worker-${worker}w`);
}

if (net[MARK] === undefined) {
  Object.defineProperty(net, MARK, { value: { attempts: [] } });
  guardSockets();
  guardNames();
  guardDatagrams();
  syncBuiltinESMExports();
}

/** The attempts since the last call, as sentences. */
export function takeAttempts() {
  return net[MARK].attempts.splice(0);
}

function guardSockets() {
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (...args) {
    // net.connect hands over what it normalized already: [options, callback] as one array.
    const first = Array.isArray(args[0]) ? args[0][0] : args[0];
    const options = typeof first === 'object' && first !== null ? first : { port: first, host: args[1] };
    const isPath = options.path != null || (typeof first === 'string' && !/^\d+$/.test(first));
    const host = typeof options.host === 'string' && options.host !== '' ? options.host : 'localhost';
    if (isPath || isLoopback(host)) return connect.apply(this, args);
    if (net.isIP(host) === 0 && typeof options.lookup === 'function') {
      // Its own resolver may well answer with a loopback address: that address is what counts.
      options.lookup = guardLookup(options.lookup, host);
      return connect.apply(this, args);
    }
    const error = refuse(`a connection to ${host}:${options.port}`);
    process.nextTick(() => this.destroy(error));
    return this;
  };
}

function guardLookup(lookup, host) {
  return (name, options, callback) =>
    lookup(name, options, (error, answer, family) => {
      const addresses = Array.isArray(answer) ? answer.map(({ address }) => address) : [answer];
      const beyond = error ? undefined : addresses.find((address) => !isLoopback(String(address)));
      if (beyond === undefined) callback(error, answer, family);
      else callback(refuse(`a connection to ${host} (${beyond})`));
    });
}

function guardNames() {
  for (const [owner, isPromise] of [
    [dns, false],
    [dns.promises, true],
    [dns.Resolver.prototype, false],
    [dns.promises.Resolver.prototype, true],
  ]) {
    for (const method of Object.getOwnPropertyNames(owner)) {
      if (!/^(lookup|lookupService|resolve\w*|reverse)$/.test(method) || typeof owner[method] !== 'function') continue;
      const original = owner[method];
      owner[method] = function (name, ...rest) {
        if (isLoopback(String(name))) return original.call(this, name, ...rest);
        const error = refuse(`a look-up of ${name}`);
        if (isPromise) return Promise.reject(error);
        const callback = rest.findLast((argument) => typeof argument === 'function');
        if (callback === undefined) throw error;
        process.nextTick(callback, error);
        return {};
      };
    }
  }
}

function guardDatagrams() {
  for (const method of ['send', 'connect']) {
    const original = dgram.Socket.prototype[method];
    dgram.Socket.prototype[method] = function (...args) {
      const address = args.find((argument, index) => index > 0 && typeof argument === 'string');
      if (address === undefined || isLoopback(address)) return original.apply(this, args);
      const error = refuse(`a datagram to ${address}`);
      const callback = args.findLast((argument) => typeof argument === 'function');
      process.nextTick(() => (callback === undefined ? this.emit('error', error) : callback(error)));
    };
  }
}

function isLoopback(host) {
  const name = host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/^::ffff:(?=\d+\.)/, '');
  // To connect to the unspecified address means this machine.
  if (name === 'localhost' || name.endsWith('.localhost') || ['::1', '::', '0.0.0.0'].includes(name)) return true;
  return net.isIPv4(name) && name.startsWith('127.');
}

function refuse(what) {
  const text = `${what} was refused: tests reach nothing beyond this machine (test/setup/loopback-only.mjs)`;
  const error = Object.assign(new Error(text), { code: 'ELOOPBACKONLY' });
  net[MARK].attempts.push(text);
  const notes = process.env.DONNA_LOOPBACK_NOTES;
  if (!isJest && notes !== undefined) {
    mkdirSync(notes, { recursive: true });
    const who = `${process.argv.slice(1).join(' ')} (process ${process.pid})`;
    writeFileSync(join(notes, randomUUID()), `${text}, by ${who}`);
    process.stderr.write(`${text}\n`);
  }
  return error;
}
