import { writeSync } from 'node:fs';
import type { GatewayConfig } from '../config/index.js';
import { RotatingFile } from './rotating-file.js';

/** `LOG_FILE` cannot be used; the text says why. */
export class LogFileError extends Error {
  override readonly name = 'LogFileError';
}

const ERROR_LEVEL = 50;
/** pino says then of which level a line is. */
const METADATA = Symbol.for('pino.metadata');

/** Lines go to `LOG_FILE`; those of errors besides to a file beside it (`gateway.log` → `gateway.error.log`), which is kept for longer. */
export class LogFiles {
  readonly [METADATA] = true;
  lastLevel = 0;
  private readonly all: RotatingFile;
  private readonly errors: RotatingFile;

  /** @throws LogFileError */
  constructor({ path, maxBytes, keepDays, errorKeepDays }: NonNullable<GatewayConfig['log']['file']>) {
    const errorPath = path.replace(/(\.log)?$/, '.error.log');
    this.all = open({ path, maxBytes, keepDays }, toStandardOutput);
    // Whatever it does not take stands in the other one too.
    this.errors = open({ path: errorPath, maxBytes, keepDays: errorKeepDays }, () => undefined);
  }

  write(line: string): void {
    this.all.write(line);
    if (this.lastLevel >= ERROR_LEVEL) this.errors.write(line);
  }
}

function open(...[options, otherwise]: ConstructorParameters<typeof RotatingFile>): RotatingFile {
  try {
    return new RotatingFile(options, otherwise);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ELOOP' ? 'it is a symbolic link' : (code ?? message);
    throw new LogFileError(`LOG_FILE: ${options.path} cannot be written: ${why}`);
  }
}

function toStandardOutput(line: string): void {
  try {
    writeSync(1, line);
  } catch {
    // Nobody reads it: there is no place left to tell.
  }
}
