import { spawnSync } from 'node:child_process';

/**
 * Runs a PHP script once over many texts: `$in` has them in order, and what it echoes with `out($bytes)` comes back in that order.
 * @throws Error with what PHP said, when it fails
 */
export function runPhp(php: string, script: string, texts: readonly (string | Buffer)[]): string[] {
  const input = JSON.stringify(texts.map((text) => Buffer.from(text).toString('base64')));
  const { status, stdout, stderr } = spawnSync(
    php,
    ['-n', '-d', 'display_errors=stderr', '-r', `${PRELUDE}\n${script}`],
    {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      timeout: 60_000,
    },
  );
  if (status !== 0) throw new Error(`php ended with ${status}: ${stderr}`);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => Buffer.from(line, 'base64').toString('utf8'));
}

const PRELUDE = `
$in = array_map('base64_decode', json_decode(file_get_contents('php://stdin')));
function out(string $bytes): void { echo base64_encode($bytes), "\\n"; }
const FLAGS = JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION | JSON_INVALID_UTF8_SUBSTITUTE;
`;
