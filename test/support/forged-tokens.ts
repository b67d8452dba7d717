import { IDENTITY_SECRET, JWT_SECRET } from './test-gateway.js';
import { compact, hmac, makeSigner, type SigningAlgorithm, SIGNING_ALGORITHMS, signBytes } from './token-signer.js';

const now = Math.floor(Date.now() / 1000);
/** What the gateway under test is to expect. */
export const ISSUER = 'https://id.example';
/** Of a good token. */
export const CLAIMS = {
  iss: ISSUER,
  aud: 'donna',
  sub: 'user-of-the-token',
  roles: ['admin'],
  iat: now,
  nbf: now,
  exp: now + 900,
};
const HS256 = { alg: 'HS256', typ: 'JWT' };
const hs256 = (claims: object | string = CLAIMS, header: object | string = HS256): string =>
  compact(header, claims, hmac(JWT_SECRET));
const changed = (claims: object): string => hs256({ ...CLAIMS, ...claims });

/** A key of the identity provider. */
export const rsa = makeSigner('RS256', 'rsa');
const weak = makeSigner('RS256', 'weak', 1024);
const signers = new Map(SIGNING_ALGORITHMS.map((alg) => [alg, makeSigner(alg, `key-${alg}`)]));
const signer = (alg: SigningAlgorithm) => signers.get(alg) ?? rsa;
const ec = signer('ES256');
const ed = signer('EdDSA');
/** What an attacker can make: keys of his own under the names of ours. */
export const evil = {
  rsa: makeSigner('RS256', 'rsa'),
  ec: makeSigner('ES256', ec.kid),
  ed: makeSigner('EdDSA', ed.kid),
};

const pem = (type: 'spki' | 'pkcs1') => rsa.publicKey.export({ type, format: 'pem' }).toString();
const good = rsa.sign(CLAIMS);
const [head = '', body = '', signature = ''] = good.split('.');
const es = ec.sign(CLAIMS).split('.');
/** The last character of an HMAC has two bits that do not count: another spelling of the same bytes. */
const respelt = (token: string): string => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return token.slice(0, -1) + (alphabet[alphabet.indexOf(token.at(-1) ?? 'A') ^ 1] ?? '');
};
const evilServer = 'http://127.0.0.1:9/jwks.json';

/** What the identity provider publishes: good keys, and some that must not be used. */
export const PUBLISHED: readonly object[] = [
  { kty: 'oct', kid: 'oct', k: Buffer.from('published-secret').toString('base64url'), alg: 'HS256' },
  { ...signer('RS384').jwk, kid: 'enc', use: 'enc' },
  rsa.jwk,
  weak.jwk,
  ...[...signers.values()].map(({ jwk }) => jwk),
];

/** Tokens that must prove their caller. */
export const GOOD: readonly (readonly [title: string, token: string])[] = [
  ...SIGNING_ALGORITHMS.map((alg) => [alg, signer(alg).sign(CLAIMS)] as const),
  ['HS256', hs256()],
  ['the newer name of EdDSA', ed.sign(CLAIMS, { alg: 'Ed25519' })],
  ['a key server in its header that nobody asks', rsa.sign(CLAIMS, { jku: evilServer, x5t: 'AA' })],
  ['no typ', hs256(CLAIMS, { alg: 'HS256' })],
  ['typ at+jwt', rsa.sign(CLAIMS, { typ: 'at+jwt' })],
  ['typ application/at+JWT', rsa.sign(CLAIMS, { typ: 'application/at+JWT' })],
  ['a kid that names no file', hs256(CLAIMS, { ...HS256, kid: '../../dev/null' })],
  ['a list of audiences with ours', changed({ aud: ['other', 'donna'] })],
  ['an issuer whose clock is ahead', changed({ nbf: now + 15, iat: now + 15 })],
  [
    'no kid, when one key fits',
    compact({ alg: 'ES384' }, CLAIMS, (input) => signBytes('ES384', signer('ES384').privateKey, input)),
  ],
];

/** Tokens that must prove nothing, each with what is wrong. */
export const FORGED: readonly (readonly [title: string, token: string])[] = [
  ...['none', 'None', 'NONE', 'nOnE', 'none ', '', ' '].flatMap((alg): [string, string][] => [
    [`alg ${JSON.stringify(alg)} without a signature`, compact({ alg, typ: 'JWT' }, CLAIMS, () => '')],
    [`alg ${JSON.stringify(alg)} with a signature`, hs256(CLAIMS, { alg, typ: 'JWT' })],
  ]),
  ['no alg', hs256(CLAIMS, { typ: 'JWT' })],
  ['alg null', hs256(CLAIMS, { alg: null })],
  ['alg as a list', hs256(CLAIMS, { alg: ['HS256'] })],
  ['alg in another case', hs256(CLAIMS, { alg: 'hs256' })],
  ['alg __proto__', hs256(CLAIMS, '{"alg":"__proto__"}')],
  ['alg constructor', hs256(CLAIMS, { alg: 'constructor' })],
  ['HS384 where HS256 is pinned', compact({ alg: 'HS384' }, CLAIMS, hmac(JWT_SECRET, 'sha384'))],
  ['HS512 where HS256 is pinned', compact({ alg: 'HS512' }, CLAIMS, hmac(JWT_SECRET, 'sha512'))],

  ['the public key as a secret, PEM', compact({ ...HS256, kid: 'rsa' }, CLAIMS, hmac(pem('spki')))],
  ['the public key as a secret, PEM without its last line feed', compact(HS256, CLAIMS, hmac(pem('spki').trim()))],
  ['the public key as a secret, PKCS #1', compact(HS256, CLAIMS, hmac(pem('pkcs1')))],
  [
    'the public key as a secret, DER',
    compact({ ...HS256, kid: 'rsa' }, CLAIMS, hmac(rsa.publicKey.export({ type: 'spki', format: 'der' }))),
  ],
  ['the public key as a secret, JWK', compact({ ...HS256, kid: 'rsa' }, CLAIMS, hmac(JSON.stringify(rsa.jwk)))],
  ['the modulus as a secret', compact({ ...HS256, kid: 'rsa' }, CLAIMS, hmac(String(rsa.jwk['n'])))],
  ['the Ed25519 key as a secret', compact(HS256, CLAIMS, hmac(Buffer.from(String(ed.jwk['x']), 'base64url')))],
  ['the symmetric key that the JWKS publishes', compact({ ...HS256, kid: 'oct' }, CLAIMS, hmac('published-secret'))],
  ['RS256 in name, signed with the secret', hs256(CLAIMS, { alg: 'RS256', kid: 'rsa' })],
  ['HS256 in name, signed with an RSA key', rsa.sign(CLAIMS, { alg: 'HS256' })],
  [
    'PS256 by a key that is for RS256',
    compact({ alg: 'PS256', kid: 'rsa' }, CLAIMS, (i) => signBytes('PS256', rsa.privateKey, i)),
  ],
  [
    'RS512 by a key that is for RS256',
    compact({ alg: 'RS512', kid: 'rsa' }, CLAIMS, (i) => signBytes('RS512', rsa.privateKey, i)),
  ],
  ['ES384 in name, by a P-256 key', ec.sign(CLAIMS, { alg: 'ES384' })],
  ['EdDSA in name, by a P-256 key', ec.sign(CLAIMS, { alg: 'EdDSA' })],
  ['RS256 in name, by an Ed25519 key', ed.sign(CLAIMS, { alg: 'RS256' })],

  ...[
    '../../../../dev/null',
    '/dev/null',
    'file:///etc/passwd',
    "x' UNION SELECT 'secret",
    'x; cat /etc/passwd',
    '__proto__',
    'constructor',
    'toString',
    'unknown',
    'key-RS256\u0000',
    'k'.repeat(1000),
  ].flatMap((kid): [string, string][] => [
    [
      `kid ${JSON.stringify(kid.slice(0, 30))}, signed with an empty secret`,
      compact({ ...HS256, kid }, CLAIMS, hmac('')),
    ],
    [`kid ${JSON.stringify(kid.slice(0, 30))}, signed with the attacker's key`, evil.rsa.sign(CLAIMS, { kid })],
  ]),
  ['an empty kid', rsa.sign(CLAIMS, { kid: '' })],
  ['an empty kid, signed with the secret', hs256(CLAIMS, { ...HS256, kid: '' })],
  ['a kid that is a list', rsa.sign(CLAIMS, { kid: ['rsa'] })],
  ['a kid that is an object', rsa.sign(CLAIMS, { kid: { toString: 'rsa' } })],
  ['a kid that is a number', rsa.sign(CLAIMS, { kid: 0 })],
  ['a kid that is null', rsa.sign(CLAIMS, { kid: null })],
  ['another kid of the same algorithm', rsa.sign(CLAIMS, { kid: 'key-RS256' })],
  ['another RSA key under our kid', evil.rsa.sign(CLAIMS)],
  ['another EC key under our kid', evil.ec.sign(CLAIMS)],
  ['another Ed25519 key under our kid', evil.ed.sign(CLAIMS)],
  ['an unknown key without a kid', evil.ed.sign(CLAIMS, { kid: undefined })],
  ['a weak RSA key that the JWKS publishes', weak.sign(CLAIMS)],
  ['a key that is for encryption', signer('RS384').sign(CLAIMS, { kid: 'enc' })],

  ['its own key in the header', evil.rsa.sign(CLAIMS, { jwk: evil.rsa.publicKey.export({ format: 'jwk' }) })],
  ['its own secret in the header', compact({ ...HS256, jwk: { kty: 'oct', k: 'c2VjcmV0' } }, CLAIMS, hmac('secret'))],
  ['its own key server in the header', evil.rsa.sign(CLAIMS, { jku: evilServer, kid: 'mine' })],
  ['its own certificate server in the header', evil.rsa.sign(CLAIMS, { x5u: evilServer, kid: 'mine' })],
  ['its own certificate in the header', evil.rsa.sign(CLAIMS, { x5c: ['MIIB'], x5t: 'AA' })],

  ['the type of the gateway’s own assertions', hs256(CLAIMS, { alg: 'HS256', typ: 'gateway-identity+jwt' })],
  [
    'an assertion of the gateway’s own',
    compact({ alg: 'HS256', typ: 'gateway-identity+jwt' }, CLAIMS, hmac(IDENTITY_SECRET)),
  ],
  ['the secret of the assertions', compact(HS256, CLAIMS, hmac(IDENTITY_SECRET))],
  ...['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'JWE', 'JWT ', ''].map((typ): [string, string] => [
    `typ ${JSON.stringify(typ)}`,
    hs256(CLAIMS, { alg: 'HS256', typ }),
  ]),
  ['a typ that is a list', hs256(CLAIMS, { alg: 'HS256', typ: ['JWT'] })],
  ['crit that nobody knows', hs256(CLAIMS, { ...HS256, crit: ['exp'], exp: 1 })],
  ['crit that is empty', hs256(CLAIMS, { ...HS256, crit: [] })],
  ['crit null', hs256(CLAIMS, { ...HS256, crit: null })],
  ['an unencoded payload', hs256(CLAIMS, { ...HS256, crit: ['b64'], b64: false })],
  ['b64: false alone', hs256(CLAIMS, { ...HS256, b64: false })],

  ['a life that is over', changed({ exp: now - 60 })],
  ['a life that was over just now', changed({ exp: now - 1 })],
  ['a life that was over just now, by a published key', rsa.sign({ ...CLAIMS, exp: now - 1 })],
  ['no exp', changed({ exp: undefined })],
  ['exp as text', changed({ exp: String(now + 900) })],
  ['exp null', changed({ exp: null })],
  ['exp true', changed({ exp: true })],
  ['exp NaN', hs256(`{"iss":"${ISSUER}","aud":"donna","sub":"u","exp":NaN}`)],
  ['exp 1e999', hs256(`{"iss":"${ISSUER}","aud":"donna","sub":"u","exp":1e999}`)],
  ['exp in the year 3000', changed({ exp: 32_503_680_000 })],
  ['exp in milliseconds', changed({ exp: (now + 900) * 1000 })],
  ['a negative exp', changed({ exp: -1 })],
  ['an nbf to come', changed({ nbf: now + 120 })],
  ['an nbf that is text', changed({ nbf: 'now' })],
  ['an iat to come', changed({ iat: now + 3600 })],
  ['an iat that is text', changed({ iat: String(now) })],
  ['another issuer', changed({ iss: 'https://evil.example' })],
  ['the issuer with a slash', changed({ iss: `${ISSUER}/` })],
  ['no issuer', changed({ iss: undefined })],
  ['a list of issuers', changed({ iss: [ISSUER] })],
  ['another audience', changed({ aud: 'other' })],
  ['another case of the audience', changed({ aud: 'Donna' })],
  ['a list of other audiences', changed({ aud: ['x', 'y'] })],
  ['an empty list of audiences', changed({ aud: [] })],
  ['an audience that is an object', changed({ aud: { donna: true } })],
  ['no audience', changed({ aud: undefined })],
  ['no sub', changed({ sub: undefined })],
  ['an empty sub', changed({ sub: '' })],
  ['a sub that is too long', changed({ sub: 'x'.repeat(256) })],
  ['a sub with NUL', changed({ sub: 'admin\0' })],
  ['roles that are text', changed({ roles: 'admin' })],
  ['too many roles', changed({ roles: Array(65).fill('r') })],
  ['a claim twice', hs256(JSON.stringify(CLAIMS).replace('{', '{"sub":"admin",'))],
  ['a claim twice, one escaped', hs256(JSON.stringify(CLAIMS).replace('{', '{"\\u0073ub":"admin",'))],
  ['alg twice', hs256(CLAIMS, '{"alg":"none","alg":"HS256"}')],
  ['a prototype for claims', hs256(`{"__proto__":${JSON.stringify(CLAIMS)}}`)],

  ['claims that are a list', hs256(`[${JSON.stringify(CLAIMS)}]`)],
  ['claims that are text', hs256('"claims"')],
  ['claims that are null', hs256('null')],
  ['claims that are no JSON', hs256('sub=u')],
  ['claims after a byte-order mark', hs256(`\ufeff${JSON.stringify(CLAIMS)}`)],
  ['claims that are no UTF-8', `${part(HS256)}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.AAAA`],
  ['deeply nested claims', hs256(`{"a":${'['.repeat(1400)}${']'.repeat(1400)}}`)],
  ['a header that is a list', hs256(CLAIMS, '[{"alg":"HS256"}]')],
  ['a header that is no JSON', hs256(CLAIMS, 'HS256')],
  ['more than 4,096 characters', changed({ pad: 'x'.repeat(3600) })],
  ['8,000 characters of nothing', 'A'.repeat(8000)],
  ['4,000 dots', '.'.repeat(4000)],

  ['nothing', ''],
  ['one part', head],
  ['two parts', `${head}.${body}`],
  ['two parts and a dot', `${head}.${body}.`],
  ['four parts', `${good}.${signature}`],
  ['five parts', `${good}.${signature}.${signature}`],
  ['an empty header', `.${body}.${signature}`],
  ['empty claims', `${head}..${signature}`],
  ['only dots', '..'],
  ['padding', `${hs256()}=`],
  ['padding in the header', `${head}==.${body}.${signature}`],
  ['base64 that is not for URLs', `${head}.${body}.+/${signature.slice(2)}`],
  ['percent encoding', `${head}.${body}%2E${signature}`],
  ['quotes', `"${good}"`],
  ['trailing bytes', `${good},`],
  ['a trailing NUL spelt out', `${good}%00`],
  ['bytes beyond ASCII', `${good}\xe9`],
  ['a blank inside', `${head}.${body}. ${signature}`],
  ['a tab inside', `${head}.${body}.\t${signature}`],
  ['the scheme twice', `Bearer ${good}`],
  ['two tokens', `${good} ${good}`],
  ['two tokens and a comma', `${good}, Bearer ${good}`],
  ['another spelling of its signature', respelt(hs256())],
  ['a lone character at the end', `${hs256()}AA`],

  ['the signature of another token', `${head}.${rsa.sign({ ...CLAIMS, sub: 'x' }).split('.')[1] ?? ''}.${signature}`],
  ['a header that was changed', `${part({ alg: 'RS256', kid: 'rsa' })}.${body}.${signature}`],
  ['half a signature', good.slice(0, -171)],
  ['a signature of zeros', `${head}.${body}.${Buffer.alloc(256).toString('base64url')}`],
  ['a signature of ones', `${head}.${body}.${Buffer.alloc(256, 1).toString('base64url')}`],
  ['r = s = 0 (CVE-2022-21449)', `${es[0] ?? ''}.${es[1] ?? ''}.${Buffer.alloc(64).toString('base64url')}`],
  ['r = s = n', `${es[0] ?? ''}.${es[1] ?? ''}.${orderOfP256Twice().toString('base64url')}`],
  ['an ECDSA signature in DER', compact({ alg: 'ES256', kid: ec.kid }, CLAIMS, derOf)],
  [
    'an Ed25519 signature of zeros',
    `${ed.sign(CLAIMS).split('.').slice(0, 2).join('.')}.${Buffer.alloc(64).toString('base64url')}`,
  ],
];

function part(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/** The order of the curve, for both halves: as good as zero to who forgets to look. */
function orderOfP256Twice(): Buffer {
  const n = Buffer.from('ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551', 'hex');
  return Buffer.concat([n, n]);
}

/** The right signature in the encoding that JWS does not use (RFC 7518, section 3.4). */
function derOf(input: string): Buffer {
  const plain = signBytes('ES256', ec.privateKey, input);
  const integer = (bytes: Buffer): Buffer => Buffer.concat([Buffer.from([2, 33, 0]), bytes]);
  const both = Buffer.concat([integer(plain.subarray(0, 32)), integer(plain.subarray(32))]);
  return Buffer.concat([Buffer.from([0x30, both.byteLength]), both]);
}
