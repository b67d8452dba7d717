import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** All workflows and actions of the project: `path`, `text`, and `tree` as YAML reads it. */
export function readWorkflows(root) {
  const actions = join('.github', 'actions');
  const folders = existsSync(join(root, actions)) ? readdirSync(join(root, actions)) : [];
  const paths = [
    ...readdirSync(join(root, '.github', 'workflows')).map((name) => join('.github', 'workflows', name)),
    ...folders.map((name) => join(actions, name, 'action.yml')),
  ];
  return paths
    .filter((path) => /\.ya?ml$/.test(path))
    .toSorted()
    .map((path) => readText(path, readFileSync(join(root, path), 'utf8')));
}

/** One file that was read already. */
export function readText(path, text) {
  return { path: path.replaceAll('\\', '/'), text, tree: parse(text) };
}
