import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { GOALS } from './goals.mjs';
import { toMarkdown } from './to-markdown.mjs';

const BEGIN = '<!-- bench:begin (npm run bench writes this part anew) -->';
const END = '<!-- bench:end -->';

/**
 * Writes performance.json, and of performance.md the part between the two marks: what stands before and after it is written by hand and
 * stays. Keys of `ratios` that this run has not measured are null, with the reason.
 */
export async function writeReport(folder, report) {
  mkdirSync(folder, { recursive: true });
  const whole = complete(report);
  const jsonFile = join(folder, 'performance.json');
  const options = await resolveConfig(jsonFile);
  writeFileSync(jsonFile, await format(JSON.stringify(whole, rounded), { ...options, parser: 'json' }));
  const file = join(folder, 'performance.md');
  const old = existsSync(file) ? readFileSync(file, 'utf8') : `# Performance\n\n${BEGIN}\n${END}\n`;
  const [before, rest] = old.split(BEGIN);
  const [, after] = (rest ?? '').split(END);
  if (after === undefined) throw new Error(`${file} has not the two marks\n${BEGIN}\n${END}`);
  const text = `${before}${BEGIN}\n\n${toMarkdown(whole)}\n${END}${after}`;
  writeFileSync(file, await format(text, { ...options, parser: 'markdown' }));
}

function complete({ ratios, cpuRatios, spreads, reasons, ...rest }) {
  const keys = Object.keys(GOALS);
  const missing = keys.filter((key) => ratios[key] === undefined);
  return {
    ratios: Object.fromEntries(keys.map((key) => [key, ratios[key] ?? null])),
    cpuRatios: Object.fromEntries(keys.map((key) => [key, cpuRatios[key] ?? null])),
    reasons: { ...reasons, ...Object.fromEntries(missing.map((key) => [key, 'not measured in this run'])) },
    spreads,
    ...rest,
  };
}

function rounded(_key, value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}
