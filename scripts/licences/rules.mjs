// Which licences a dependency may have. Written by hand: a new one is a decision, not a formality.

/** SPDX identifiers that ask for no more than that their text comes along. */
const PERMISSIVE = ['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT', 'MIT-0'];
const RUNTIME = new Set(PERMISSIVE);
/** What is never handed on may have these besides. */
const DEVELOPMENT = new Set([...PERMISSIVE, 'CC-BY-4.0', 'CC0-1.0', 'MPL-2.0', 'Python-2.0']);

/** Packages that may have another one, and why. */
const EXCEPTIONS = [
  {
    name: /^@php-wasm\//,
    licence: 'GPL-2.0-or-later',
    isOptionalOnly: true,
    why: 'PHP itself, optional, in worker threads of its own, never bundled (ADR 0004)',
  },
];

/** Packages that do not say it in the field `license`, by what their licence file says. */
export const SAID_ELSEWHERE = {
  '@php-wasm/util': 'GPL-2.0-or-later',
  busboy: 'MIT',
  'passport-strategy': 'MIT',
  streamsearch: 'MIT',
};

/**
 * What is wrong with a package's licence; undefined: nothing. Of alternatives (`OR`) one must be allowed, of what holds
 * together (`AND`) all.
 */
export function findFault({ name, licence, isDev, isOptional, isBundled }) {
  if (typeof licence !== 'string' || licence === '') return 'says no licence';
  const excepted = EXCEPTIONS.find((entry) => entry.name.test(name) && entry.licence === licence);
  if (excepted !== undefined) {
    if (isBundled) return `${licence} must not be bundled`;
    return excepted.isOptionalOnly && !isOptional ? `${licence} is allowed for what is optional only` : undefined;
  }
  // What is bundled is handed on, whatever it is installed for.
  const allowed = isDev && !isBundled ? DEVELOPMENT : RUNTIME;
  const verdict = evaluate(licence, allowed);
  if (verdict === undefined) return `${licence} is no SPDX expression that can be read here`;
  return verdict ? undefined : `${licence} is not allowed`;
}

/** Why a package may have the licence that it has, where that is an exception. */
export function exceptionOf({ name, licence }) {
  return EXCEPTIONS.find((entry) => entry.name.test(name) && entry.licence === licence)?.why;
}

/** SPDX expressions without WITH and `+`: those are read by a person. Undefined: not understood. */
function evaluate(expression, allowed) {
  const tokens = expression.match(/[()]|[A-Za-z0-9.-]+|\S/g) ?? [];
  let at = 0;
  const isWord = (token) => token !== undefined && /^[A-Za-z0-9.-]+$/.test(token) && !/^(AND|OR|WITH)$/.test(token);
  function anyOf() {
    let value = allOf();
    while (tokens[at] === 'OR') {
      at += 1;
      const right = allOf();
      value = value === undefined || right === undefined ? undefined : value || right;
    }
    return value;
  }
  function allOf() {
    let value = one();
    while (tokens[at] === 'AND') {
      at += 1;
      const right = one();
      value = value === undefined || right === undefined ? undefined : value && right;
    }
    return value;
  }
  function one() {
    const token = tokens[at];
    at += 1;
    if (token === '(') {
      const value = anyOf();
      if (tokens[at] !== ')') return undefined;
      at += 1;
      return value;
    }
    return isWord(token) ? allowed.has(token) : undefined;
  }
  const value = anyOf();
  return at === tokens.length ? value : undefined;
}
