import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
// For the names of the native handlers and DTOs, which the modules bring along.
import './app.module.js';
import { DOCTOR_HELP, examine, hasFault, printJson, printResults, readDoctorOptions } from './cli/index.js';
import { ConfigError, type GatewayConfig, loadConfig } from './config/index.js';
import { inputDtoNames } from './contract/index.js';
import { nativeHandlerNames } from './routing/index.js';

/** Exit codes: a fault was found; bad usage and bad configuration by sysexits.h, as `main.ts`. */
const EX_FAULT = 1;
const EX_USAGE = 64;

const projectRoot = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string };

async function main(): Promise<number> {
  const options = readDoctorOptions(process.argv.slice(2));
  if (options.kind === 'help') return say(DOCTOR_HELP);
  if (options.kind === 'fault') return complain(`${options.problem}\nSee: npm run doctor -- --help`, EX_USAGE);
  let config: GatewayConfig;
  try {
    config = loadConfig(process.env, { projectRoot, packageVersion: version, overrides: options.env });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (options.isJson) say(JSON.stringify({ healthy: false, faults: error.faults }, undefined, 2));
    else complain(error.message.replace('did not start', 'would not start'), error.exitCode);
    return error.exitCode;
  }
  const results = await examine({
    config,
    routesFile:
      config.routes.file ?? join(projectRoot, config.routes.passThrough ? 'routes.pass-through.yaml' : 'routes.yaml'),
    handlers: nativeHandlerNames(),
    dtos: inputDtoNames(),
  });
  say(options.isJson ? printJson(results) : printResults(results, process.stdout.isTTY && process.stdout.hasColors()));
  return hasFault(results) ? EX_FAULT : 0;
}

function say(text: string): number {
  process.stdout.write(`${text}\n`);
  return 0;
}

function complain(text: string, code: number): number {
  process.stderr.write(`${text}\n`);
  return code;
}

const code = await main();
// A check that was given up may still hold a socket. What was said goes out first, also into a pipe.
process.stdout.write('', () => process.exit(code));
