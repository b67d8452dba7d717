import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { expectCpuBelow } from '../../test/support/cpu-time.js';
import { isDefaultPassword, secretProblem } from './secret-rules.js';

describe('secretProblem', () => {
  it.each([
    ['a tutorial’s', 'a-string-secret-at-least-256-bits-long', 'well-known'],
    ['a tutorial’s', 'your-256-bit-secret-your-256-bit-secret', 'well-known'],
    ['a template’s', 'SuperSecretKeyYouShouldNotCommitToGithub', 'well-known'],
    ['a template’s', 'my-secret-token-to-change-in-production', 'well-known'],
    ['a template’s', 'please-CHANGE-ME-9f8a7d6c5b4e3f2a1b0c9d8e', 'well-known'],
    ['a template’s', 'thisIsAVeryLongS3cr3tKeyForTheGateway!!', 'well-known'],
    ['a placeholder', '<the output of openssl rand -base64 48>', 'well-known'],
    ['one character', 'k'.repeat(64), 'repeats itself'],
    ['a word again and again', 'secretsecretsecretsecretsecretsecret', 'well-known'],
    ['a short unit', 'kX7!'.repeat(10), 'repeats itself'],
    ['a long unit', '9f8a7d6c5b4e3f2a'.repeat(2), 'repeats itself'],
    ['the keyboard', 'qwertyuiopasdfghjklzxcvbnm1234567890', 'rows'],
    ['the keyboard backwards', '0987654321mnbvcxzlkjhgfdsapoiuytrewq', 'rows'],
    ['the alphabet', 'abcdefghijklmnopqrstuvwxyz0123456789', 'rows'],
    ['two letters', 'abbabaabbaababbabaababbaabbabaab', 'rows'],
    ['few letters', 'k7zk7k77zzk77zkzk7zz7k7kkz7zk7zz7k7kz', 'too few'],
  ])('refuses %s: %s', (_case, secret, problem) => {
    expect(secretProblem(secret)).toContain(problem);
    expect(secretProblem(secret)).not.toContain(secret);
  });

  it.each(['hex', 'base64', 'base64url'] as const)('takes what a generator makes, in %s', (encoding) => {
    for (let round = 0; round < 2000; round++) {
      expect(
        secretProblem(
          randomBytes(24 + (round % 40))
            .toString(encoding)
            .padEnd(32, 'Q7x'),
        ),
      ).toBeUndefined();
    }
  });

  it('takes a sentence that is no example', () => {
    expect(secretProblem('correct horse battery staple, 7 times a week')).toBeUndefined();
  });

  it('answers soon whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 500 }), (text) => {
        expect([undefined, expect.any(String)]).toContainEqual(secretProblem(text));
      }),
    );
    const hostile = 'asasthisisa'.repeat(400).slice(0, 4000).concat('?');
    expectCpuBelow(4000, () => secretProblem(hostile));
  });
});

describe('isDefaultPassword', () => {
  it.each(['postgres', 'password', 'Password123', 'changeme', 'secret', 'admin', 'redis', 'root', 'donna', '12345678'])(
    'knows %s',
    (password) => expect(isDefaultPassword(password)).toBe(true),
  );
  it.each(['', 'k7-Qm2x-71aZ', 'mulberry-lantern'])('leaves %s alone', (password) =>
    expect(isDefaultPassword(password)).toBe(false),
  );
});
