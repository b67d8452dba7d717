/** One setting that keeps the gateway from starting. Neither text ever holds the value that was given. */
export interface ConfigFault {
  readonly name: string;
  readonly problem: string;
  readonly example: string;
}

/** All faults of an environment at once; `message` is made to be printed as it is. Exit with {@link exitCode}. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** EX_CONFIG of sysexits.h. */
  readonly exitCode = 78;

  constructor(readonly faults: readonly ConfigFault[]) {
    super(describeFaults(faults));
  }
}

function describeFaults(faults: readonly ConfigFault[]): string {
  const count = faults.length === 1 ? '1 setting is wrong' : `${faults.length} settings are wrong`;
  const entries = faults.map(({ name, problem, example }) => `  ${name} ${problem}\n    example: ${name}=${example}`);
  return `The gateway did not start: ${count}.\n\n${entries.join('\n\n')}\n\nEvery setting is explained in .env.example.`;
}
