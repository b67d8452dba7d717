/** Words that one process may learn: steps, policies and targets of every route table that it ever reads. */
const MAX_WORDS = 0x3fff;

const words: string[] = ['', 'more'];
const codes = new Map<string, number>([
  ['', 0],
  ['more', 1],
]);

/**
 * The number under which a timeline keeps a word: the name of a step or a note on one. For words of the program and of its route table,
 * never for what a client sends. Beyond 16,383 different ones, all are `more`.
 */
export function codeOfWord(word: string): number {
  const known = codes.get(word);
  if (known !== undefined) return known;
  if (words.length >= MAX_WORDS) return 1;
  codes.set(word, words.length);
  return words.push(word) - 1;
}

export function wordOfCode(code: number): string {
  return words[code] ?? '';
}
