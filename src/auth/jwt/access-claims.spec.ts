import { describe, expect, it } from '@jest/globals';
import { readAccessClaims } from './access-claims.js';

const now = Math.floor(Date.now() / 1000);
const GOOD = { sub: 'u', exp: now + 600 };

describe('readAccessClaims', () => {
  it.each([
    ['no more than it must have', {}, { roles: [] }],
    ['roles', { roles: ['user', 'admin'] }, { roles: ['user', 'admin'] }],
    ['a single role', { role: 'admin' }, { roles: ['admin'] }],
    ['both, of which the list counts', { roles: ['user'], role: 'admin' }, { roles: ['user'] }],
    ['the longest subject', { sub: 'x'.repeat(255) }, { subject: 'x'.repeat(255) }],
    ['64 roles of 64 characters', { roles: Array(64).fill('r'.repeat(64)) }, {}],
    ['a verified address', { email: 'u@h.example', email_verified: true }, { email: 'u@h.example' }],
    ['an issuer’s clock that is ahead', { iat: now + 20, nbf: now + 20 }, {}],
    ['a life of a year', { exp: now + 365 * 86_400 }, {}],
  ])('reads a token with %s', (_title, claims, identity) => {
    expect(readAccessClaims({ ...GOOD, ...claims })).toMatchObject({ subject: 'u', via: 'jwt', ...identity });
  });

  it.each([
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['a subject of 256 characters', { sub: 'x'.repeat(256) }],
    ['a subject that is a number', { sub: 7 }],
    ['a subject with NUL', { sub: 'admin\0x' }],
    ['a subject with a line feed', { sub: 'a\nb' }],
    ['a subject with half a surrogate pair', { sub: 'a\ud800' }],
    ['no exp', { exp: undefined }],
    ['an exp that is now', { exp: now }],
    ['an exp in milliseconds', { exp: (now + 600) * 1000 }],
    ['an exp that is text', { exp: String(now + 600) }],
    ['an exp without end', { exp: Number.POSITIVE_INFINITY }],
    ['an exp that is no number', { exp: Number.NaN }],
    ['an exp that is null', { exp: null }],
    ['an exp that is a list', { exp: [now + 600] }],
    ['an nbf beyond the leeway', { nbf: now + 45 }],
    ['an nbf that is text', { nbf: '0' }],
    ['an iat beyond the leeway', { iat: now + 45 }],
    ['an iat that is null', { iat: null }],
    ['an iat before 1970', { iat: -1 }],
    ['roles that are text', { roles: 'admin' }],
    ['roles that are an object', { roles: { 0: 'admin', length: 1 } }],
    ['a role that is a list', { role: ['admin'] }],
    ['a list with a number', { roles: ['user', 1] }],
    ['an empty role', { roles: [''] }],
    ['65 roles', { roles: Array(65).fill('r') }],
    ['a role of 65 characters', { roles: ['r'.repeat(65)] }],
    ['a jti that is a number', { jti: 1 }],
    ['a jti of 256 characters', { jti: 'j'.repeat(256) }],
    ['a sid that is a list', { sid: ['s'] }],
  ])('refuses a token with %s', (_title, claims) => {
    expect(readAccessClaims({ ...GOOD, ...claims })).toBeUndefined();
  });

  it.each([
    ['an address that its issuer calls unverified', { email: 'u@h.example', email_verified: false }],
    ['an address that is unverified, told as text', { email: 'u@h.example', email_verified: 'false' }],
    ['an address that is too long', { email: `${'x'.repeat(320)}@h.example` }],
    ['a name that is an object', { name: { first: 'U' } }],
    ['a name that is too long', { name: 'x'.repeat(256) }],
  ])('leaves out %s', (_title, claims) => {
    const identity = readAccessClaims({ ...GOOD, ...claims });
    expect(identity).toBeDefined();
    expect(identity).not.toHaveProperty('email');
    expect(identity).not.toHaveProperty('name');
  });
});
