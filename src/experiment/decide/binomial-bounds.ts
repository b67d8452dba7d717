const { abs, exp, expm1, hypot, log, log1p, min, sqrt } = Math;
const BISECTIONS = 60;
const FRACTIONS = 500;
const TINY = 1e-300;
const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];

/** What `k` hits in `n` trials say of the rate. */
export interface RateBounds {
  /** One-sided, exact (Clopper and Pearson 1934). */
  readonly upper: number;
  readonly lower: number;
  /** 3/n, the rule of three, where there was no hit: the upper bound at 95 %, without a computer. */
  readonly ruleOfThree: number | undefined;
}

/** Bounds of a rate, each of which holds with probability `confidence`; 0 and 1 where nothing was tried. */
export function mismatchBounds(k: number, n: number, confidence = 0.95): RateBounds {
  return {
    upper: upperBound(k, n, confidence),
    lower: k === 0 ? 0 : 1 - upperBound(n - k, n, confidence),
    ruleOfThree: k === 0 && n > 0 ? min(1, 3 / n) : undefined,
  };
}

/** The rate at which `k` hits or fewer in `n` trials have the probability `1 - confidence`. */
export function upperBound(k: number, n: number, confidence = 0.95): number {
  if (n === 0 || k >= n) return 1;
  if (k === 0) return -expm1(log1p(-confidence) / n);
  let [low, high] = [k / n, 1];
  for (let turn = 0; turn < BISECTIONS; turn += 1) {
    const middle = (low + high) / 2;
    if (incompleteBeta(middle, k + 1, n - k) < confidence) low = middle;
    else high = middle;
  }
  return high;
}

/** Bounds of the difference of two rates, b less a, `z` standard errors wide (Newcombe 1998, method 10: hybrid of Wilson's intervals). */
export function differenceBounds(
  a: { readonly k: number; readonly n: number },
  b: { readonly k: number; readonly n: number },
  z: number,
): { readonly lower: number; readonly upper: number } {
  if (a.n === 0 || b.n === 0) return { lower: -1, upper: 1 };
  const [wa, wb] = [wilson(a.k, a.n, z), wilson(b.k, b.n, z)];
  const [pa, pb] = [a.k / a.n, b.k / b.n];
  return {
    lower: pb - pa - hypot(pb - wb.lower, wa.upper - pa),
    upper: pb - pa + hypot(wb.upper - pb, pa - wa.lower),
  };
}

function wilson(k: number, n: number, z: number): { readonly lower: number; readonly upper: number } {
  const square = z * z;
  const centre = (k + square / 2) / (n + square);
  const half = (z / (n + square)) * sqrt((k * (n - k)) / n + square / 4);
  return { lower: centre - half, upper: centre + half };
}

/** The regularised incomplete beta function I_x(a, b), by Lentz's continued fraction. */
function incompleteBeta(x: number, a: number, b: number): number {
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x)) / a;
  let c = 1;
  let d = 1 / notZero(1 - ((a + b) * x) / (a + 1));
  let sum = d;
  for (let m = 1; m < FRACTIONS; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / notZero(1 + even * d);
    c = notZero(1 + even / c);
    sum *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / notZero(1 + odd * d);
    c = notZero(1 + odd / c);
    sum *= d * c;
    if (abs(d * c - 1) < 1e-14) break;
  }
  return front * sum;
}

function notZero(value: number): number {
  return abs(value) < TINY ? TINY : value;
}

/** ln Γ(x) for x ≥ 1 (Lanczos, g = 7). */
function logGamma(x: number): number {
  const shifted = x - 1;
  const base = shifted + 7.5;
  const series = LANCZOS.reduce((sum, coefficient, at) => sum + coefficient / (shifted + at + 1), 0.9999999999998099);
  return 0.5 * log(2 * Math.PI) + (shifted + 0.5) * log(base) - base + log(series);
}
