/**
 * The words of which the texts of the error catalogue, of the validation and of PHP's own messages are made. A text of these
 * alone says nothing of a person; a name, an address or a title is none of them.
 */
const WORDS = new Set(
  (
    'a accept accepted characters choices base month hour day days plainly updated uploaded accepts access added address again allowed an and answer answered answers application are as asked at ' +
    'audio available avi bad base be been before body bottom by bytes call carries chat choices code colour comes contact ' +
    'content conversation conversations created csrf cut day deep deleted depth does draft e each either email empty en ' +
    'encoding error event f false field fields file files flag for from found fine format gave give given gone group handed ' +
    'has have header headers here hold holds id in inbox invalid is item items its join json kb large larger later lead least ' +
    'left letters level levels list long longer lost mail malformed max mb media member members message metadata method min ' +
    'missing moment more most must name names new no none not nothing number numbers object of off on one only or other our ' +
    'out over page parameter parts password phone plain position profile proof provider read realtime recorded refused ' +
    'removed reply request requests required reset retired route saved send sending sent set setting settings short side ' +
    'sign signature signed site small some something spelling status such switched takes task text than that the theme there ' +
    'this time title to token too took true try twice two type unknown updated usable use utf valid value values voice was ' +
    'active archived auto bottom client closed cold contacted dark general high hot light lost low lead marketing normal ' +
    'qualified receptionist right sales secretary spam top warm won donna ' +
    'week went whole with without wrong you your'
  ).split(' '),
);
const PLAIN = /^[\x20-\x7e]{1,300}$/;
/** Amounts are kept; what is longer, or has parts, may be a number of somebody's, a day or an address. */
const TELLING_NUMBER = /\d{6}|\d[\s()/+.:-]+\d/;
/** A short number that opens a door, or that somebody is called by: never an amount. */
const TOLD_NUMBER =
  /\b(?:code|phone|call|token|sign|password)\b.*\d{3}|\d{3}.*\b(?:code|phone|call|token|sign|password)\b/i;
/** The day by which the validation shows how to write one. */
const EXAMPLES = /2025-05-13|#2f6f8f/g;

/** Whether a text is one that a server says by itself, of whomever it speaks. */
export function isServerText(text: string): boolean {
  const bare = text.replaceAll(EXAMPLES, '');
  if (!PLAIN.test(text) || text.includes('@') || TELLING_NUMBER.test(bare) || TOLD_NUMBER.test(bare)) return false;
  const words = bare.match(/[A-Za-z]+/g) ?? [];
  return words.length > 0 && words.every((word) => WORDS.has(word.toLowerCase()));
}
