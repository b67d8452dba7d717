// Whether blocks of code in documents can be read: shells by bash, JSON and YAML by their parsers, TypeScript by its own.
import { spawnSync } from 'node:child_process';
import ts from 'typescript';
import { parseAllDocuments } from 'yaml';

const READERS = {
  sh: readShell,
  bash: readShell,
  console: (text) => readShell(commandsOf(text)),
  json: readJson,
  yaml: readYaml,
  yml: readYaml,
  ts: (text) => readTypeScript(text, 'block.ts'),
  tsx: (text) => readTypeScript(text, 'block.tsx'),
};

/** @returns what is wrong with a block, or undefined: nothing, or nobody here reads its language */
export function faultOfCode({ language, text }) {
  return READERS[language]?.(text);
}

/** What is typed in a terminal session: lines after `$ `, and those that a backslash goes on with. */
export function commandsOf(text) {
  const commands = [];
  let goesOn = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('$ ')) commands.push(line.slice(2));
    else if (goesOn) commands.push(line.replace(/^> /, ''));
    else continue;
    goesOn = line.endsWith('\\');
  }
  return `${commands.join('\n')}\n`;
}

function readShell(text) {
  const { status, stderr } = spawnSync('bash', ['-n'], { input: text, encoding: 'utf8' });
  return status === 0 ? undefined : (stderr.trim().split('\n')[0] ?? 'bash cannot read it');
}

function readJson(text) {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return error.message;
  }
}

function readYaml(text) {
  for (const { errors } of parseAllDocuments(text)) if (errors.length > 0) return errors[0].message.split('\n')[0];
  return undefined;
}

function readTypeScript(text, fileName) {
  const compilerOptions = { target: ts.ScriptTarget.ESNext, experimentalDecorators: true };
  const { diagnostics = [] } = ts.transpileModule(text, { fileName, compilerOptions, reportDiagnostics: true });
  return diagnostics[0] === undefined ? undefined : ts.flattenDiagnosticMessageText(diagnostics[0].messageText, ' ');
}
