import type { CompareBounds, CompareSettings, GeneratedFields, IgnoreRule } from './compare-rules.js';
import { ANY, toSegment } from './field-name.js';
import type { NoisyField } from './noise-model.js';
import { redactToShape } from './redact-value.js';

/** Headers that clients act on. Of cookies the names and attributes count, of ETag and Retry-After that they are there. */
export const DEFAULT_HEADERS: readonly string[] = [
  'content-type',
  'cache-control',
  'location',
  'set-cookie',
  'etag',
  'content-disposition',
  'allow',
  'www-authenticate',
  'retry-after',
];

const DEFAULT_BOUNDS: CompareBounds = {
  maxBytes: 1_048_576,
  maxDepth: 128,
  maxValues: 200_000,
  maxKept: 50,
  maxKeptPerField: 3,
  maxFields: 1000,
  maxValueLength: 120,
};
/** As deep as recursion goes safely, and as json_decode does by default. */
const DEEPEST = 512;
const MAX_RULES = 500;
const HEADER_PREFIX = 'header:';

/** What rules say of the place that a pattern's segments lead to. */
export interface RuleNode {
  readonly children: Map<string, RuleNode>;
  ignore: IgnoreRule[];
  keyedBy: string | undefined;
  isGenerated: boolean;
}

/** CompareSettings, checked and ready. Immutable once made; shared by all comparisons of a route. */
export interface CompiledRules {
  readonly root: RuleNode;
  /** By field, spelt exactly as the comparison spells it. */
  readonly noise: ReadonlyMap<string, NoisyField>;
  readonly ignore: readonly IgnoreRule[];
  readonly generated: GeneratedFields | undefined;
  readonly headers: readonly string[];
  readonly memberOrder: 'note' | 'mismatch';
  readonly numberSpelling: 'note' | 'mismatch';
  readonly redact: (value: string, field: string) => string;
  readonly bounds: CompareBounds;
}

/**
 * Checks settings and makes them ready for any number of comparisons.
 * @throws RangeError that says which rule is wrong, why, and what to write
 */
export function compileRules(settings: CompareSettings = {}): CompiledRules {
  const ignore = settings.ignore ?? [];
  const keyed = Object.entries(settings.keyed ?? {});
  if (ignore.length + keyed.length > MAX_RULES) throw new RangeError(`more than ${MAX_RULES} ignore and keyed rules`);
  const root = newNode();
  for (const rule of ignore) {
    checkIgnoreRule(rule);
    if (!rule.pointer.startsWith(HEADER_PREFIX)) nodeAt(root, patternOf(rule.pointer)).ignore.push(rule);
  }
  for (const [pointer, key] of keyed) nodeAt(root, pointer === '' ? [] : patternOf(pointer)).keyedBy = key;
  for (const pointer of settings.generated?.pointers ?? []) nodeAt(root, patternOf(pointer)).isGenerated = true;
  const bounds = { ...DEFAULT_BOUNDS, ...settings.bounds };
  return {
    root,
    noise: new Map(Object.entries(settings.noise?.fields ?? {})),
    ignore,
    generated: settings.generated,
    headers: (settings.headers ?? DEFAULT_HEADERS).map((name) => name.toLowerCase()),
    memberOrder: settings.memberOrder ?? 'note',
    numberSpelling: settings.numberSpelling ?? 'mismatch',
    redact: settings.redact ?? redactToShape,
    bounds: { ...bounds, maxDepth: Math.min(bounds.maxDepth, DEEPEST) },
  };
}

/** The rule that ignores a header today, if there is one. */
export function headerRule(rules: CompiledRules, name: string, now: number): IgnoreRule | undefined {
  return rules.ignore.find((rule) => rule.expiresAt > now && rule.pointer.toLowerCase() === HEADER_PREFIX + name);
}

function newNode(): RuleNode {
  return { children: new Map(), ignore: [], keyedBy: undefined, isGenerated: false };
}

function nodeAt(root: RuleNode, segments: readonly string[]): RuleNode {
  let node = root;
  for (const segment of segments) {
    const next = node.children.get(segment) ?? newNode();
    node.children.set(segment, next);
    node = next;
  }
  return node;
}

function checkIgnoreRule(rule: IgnoreRule): void {
  const name = `ignore rule ${JSON.stringify(rule.pointer)}`;
  if (rule.reason.trim() === '') throw new RangeError(`${name} has no reason: say why the difference is accepted`);
  if (!Number.isFinite(rule.expiresAt)) throw new RangeError(`${name} has no expiry: name a day on which it ends`);
  if (rule.pointer.startsWith(HEADER_PREFIX)) return;
  if (patternOf(rule.pointer).every((segment) => segment === ANY)) {
    throw new RangeError(`${name} covers the whole body: name a field`);
  }
}

/** The segments of a pattern, spelt as those of fields are. */
function patternOf(pointer: string): readonly string[] {
  if (!pointer.startsWith('/')) {
    throw new RangeError(`${JSON.stringify(pointer)} is no JSON pointer: begin it with "/", as in "/data/*/id"`);
  }
  return pointer
    .slice(1)
    .split('/')
    .map((segment) => {
      const key = segment.replaceAll('~1', '/').replaceAll('~0', '~');
      const spelt = toSegment(key);
      if (spelt === ANY && key !== ANY) {
        throw new RangeError(`${JSON.stringify(pointer)} names one item, "${key}": write "*", which stands for all`);
      }
      return spelt;
    });
}
