const WORD = /#stub:(badkey|close|cut|deaf|error|expire|fail|flood|stall|upgrade)(?:=(\d{1,6}))?(?![\w=])/g;

/**
 * What a text asks the stand-in to do wrong. A text is a session's instructions or what the user typed; the first two
 * words are read from the API key (`sk-#stub:upgrade=429`) or the instructions of the client secret.
 *
 * | word | what happens |
 * | --- | --- |
 * | `#stub:upgrade=STATUS` | the upgrade is refused: 401, 429, 500 or another |
 * | `#stub:badkey` | taken, then `invalid_api_key` and close 3000, as OpenAI does as well |
 * | `#stub:expire` | the session ends as after 60 minutes |
 * | `#stub:close=CODE` | the server closes with a code |
 * | `#stub:error` | an `error` event of the server's own |
 * | `#stub:deaf` | nothing is read any more; `=MS`: for so long |
 * | `#stub:cut` | the answer's connection breaks mid-sentence |
 * | `#stub:fail` | the answer ends as `failed` |
 * | `#stub:stall` | the answer begins and does not go on |
 * | `#stub:flood=MB` | the answer is so much audio, as fast as the client reads |
 */
export class MagicWords {
  readonly #words: ReadonlyMap<string, number | undefined>;

  constructor(text: string) {
    const found = text.includes('#stub:') ? [...text.matchAll(WORD)] : [];
    this.#words = new Map(found.map(([, word = '', value]) => [word, value === undefined ? undefined : Number(value)]));
  }

  has(word: string): boolean {
    return this.#words.has(word);
  }

  /** The number behind a word; `byDefault` when the word stands alone, undefined when it is not there. */
  value(word: string, byDefault: number): number | undefined {
    return this.#words.has(word) ? (this.#words.get(word) ?? byDefault) : undefined;
  }
}
