// What a Markdown page says that can be checked: headings, links, words in backticks, blocks of code. Enough of GitHub's
// dialect for documents that prettier has formatted.

/** @returns {{ headings: string[], anchors: Set<string>, links: Found[], words: Found[], blocks: Block[], unclosed: number[] }} with line numbers from 1 */
export function readPage(text) {
  const page = { headings: [], anchors: new Set(), links: [], words: [], blocks: [], unclosed: [] };
  const lines = text.split('\n');
  let block;
  for (const [index, line] of lines.entries()) {
    const fence = /^([ \t]*(?:[-*+] +)?)(`{3,}|~{3,})[ \t]*([^`]*)$/.exec(line);
    if (block === undefined) {
      if (fence === null) readLine(page, line, index + 1);
      else {
        const [, indent, mark, info] = fence;
        block = { mark, indent: indent.length, language: info.trim().split(/\s/)[0] ?? '', line: index + 1, text: [] };
      }
    } else if (fence !== null && fence[2].startsWith(block.mark) && fence[3].trim() === '') {
      page.blocks.push({ language: block.language, line: block.line, text: `${block.text.join('\n')}\n` });
      block = undefined;
    } else block.text.push(line.slice(Math.min(block.indent, /^\s*/.exec(line)[0].length)));
  }
  if (block !== undefined) page.unclosed.push(block.line);
  return page;
}

function readLine(page, line, number) {
  const heading = /^#{1,6} +(.*?)(?: +#+)?\s*$/.exec(line);
  if (heading !== null) addAnchor(page, heading[1]);
  for (const [, name] of line.matchAll(/<a +(?:id|name)="([^"]+)"/g)) page.anchors.add(name);
  // Words in backticks first: what stands in them is no link. A link's text may be such a word, so its place is kept.
  const bare = line.replace(/(`+)(.+?)\1(?!`)/g, (whole, mark, word) => {
    if (mark.length === 1) page.words.push({ word: word.trim(), line: number });
    return ' '.repeat(whole.length);
  });
  for (const [, target] of bare.matchAll(/\]\(<?([^)\s>]+)>?(?: +"[^"]*")?\)/g))
    page.links.push({ target, line: number });
  const [, defined] = /^ {0,3}\[[^\]]+\]: +<?(\S+?)>?(?: +"[^"]*")?$/.exec(bare) ?? [];
  if (defined !== undefined) page.links.push({ target: defined, line: number });
}

/** As GitHub makes them: a heading that comes twice gets a number. */
function addAnchor(page, heading) {
  const shown = heading
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/`/g, '')
    .replace(/(?<![\p{L}\p{N}])([*_]{1,3})(\S(?:.*?\S)?)\1(?![\p{L}\p{N}])/gu, '$2');
  const anchor = shown
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
  let [free, count] = [anchor, 0];
  while (page.anchors.has(free)) free = `${anchor}-${(count += 1)}`;
  page.headings.push(shown);
  page.anchors.add(free);
}
