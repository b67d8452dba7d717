/** What a section of a page tells its reader to do. */
export interface Step {
  /** New files: path → content. The first line of such a block says in a comment where it goes. */
  readonly files: ReadonlyMap<string, string>;
  readonly changes: readonly Change[];
  readonly commands: readonly Command[];
}

/** Lines of a file that become others; from a block of the language `diff`. */
interface Change {
  readonly file: string;
  readonly before: string;
  readonly after: string;
}

/** A line after `$ ` in a block of the language `console`. */
export interface Command {
  readonly words: readonly string[];
  /** What the page says that it prints. */
  readonly prints: string;
}

/** The steps of a page by the headings of their sections. */
export function readSteps(page: string): ReadonlyMap<string, Step> {
  const sections = page.split(/^#{2,3} +/m).slice(1);
  return new Map(sections.map((section) => [section.slice(0, section.indexOf('\n')), readStep(section)]));
}

function readStep(section: string): Step {
  const files = new Map<string, string>();
  const changes: Change[] = [];
  const commands: Command[] = [];
  for (const [, language = '', text = ''] of section.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)) {
    const [, file] =
      /^(?:<\?php )?(?:\/\/|#) ((?:src|legacy-php)\/\S+)$/m.exec(text.slice(0, text.indexOf('\n'))) ?? [];
    if (file !== undefined) files.set(file, text);
    if (language === 'diff') changes.push(...readChanges(text));
    if (language === 'console') commands.push(...readCommands(text));
  }
  return { files, changes, commands };
}

function readChanges(diff: string): readonly Change[] {
  const changes: { file: string; before: string[]; after: string[] }[] = [];
  let file = '';
  for (const line of diff.trimEnd().split('\n')) {
    if (line.startsWith('--- ')) continue;
    if (line.startsWith('+++ b/')) file = line.slice('+++ b/'.length);
    else if (line.startsWith('@@')) changes.push({ file, before: [], after: [] });
    else {
      const change = changes.at(-1);
      if (change === undefined) throw new Error(`a line of a diff before its first @@: ${line}`);
      if (!line.startsWith('+')) change.before.push(line.slice(1));
      if (!line.startsWith('-')) change.after.push(line.slice(1));
    }
  }
  return changes.map((change) => ({ ...change, before: change.before.join('\n'), after: change.after.join('\n') }));
}

function readCommands(text: string): readonly Command[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((said) => {
      const [line = '', ...printed] = said.split('\n');
      const words = Array.from(line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g), ([, ...groups]) => groups.join(''));
      return { words, prints: printed.join('\n').trim() };
    });
}

/** Makes a change. @throws Error where the lines that it begins with are not in the text, or more than once */
export function applyChange(text: string, { file, before, after }: Change): string {
  const parts = `\n${text}`.split(`\n${before}\n`);
  if (parts.length !== 2) throw new Error(`${file} has these lines ${parts.length - 1} times:\n${before}`);
  return parts.join(`\n${after}\n`).slice(1);
}
