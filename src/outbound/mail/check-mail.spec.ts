import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createTransport } from 'nodemailer';
import { readHeaders } from '../../../test/support/mail-server.js';
import { checkMail } from './check-mail.js';
import { composeMail } from './compose-mail.js';
import type { Mail } from './mail.js';

const GOOD = { to: ['a@b.example'], subject: 'Hello', text: 'Hi' } as const;
const PDF = { filename: 'offer.pdf', contentType: 'application/pdf', content: Buffer.from('%PDF').toString('base64') };
const FROM = { name: 'Zoë Donna', address: 'donna@donna.example' };
const toBytes = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });

function faultsOf(change: object): readonly string[] {
  const checked = checkMail({ ...GOOD, ...change });
  return 'faults' in checked ? Object.keys(checked.faults) : [];
}

async function sourceOf(mail: Mail): Promise<{ source: string; to: readonly string[] }> {
  const composed = composeMail(
    { mail, recipients: mail.to, messageId: '<1@donna.example>', acceptedAt: new Date(0) },
    FROM,
  );
  const { message, envelope } = await toBytes.sendMail(composed);
  return { source: (message as Buffer).toString('utf8'), to: envelope.to };
}

describe('a mail that a caller hands in', () => {
  it.each([
    'a@b.example\r\nBcc: x@y.example',
    'a@b.example\n',
    'a@b.example\0',
    ' a@b.example',
    'a@b.example, x@y.example',
    'a@b.example;x@y.example',
    'A <a@b.example>',
    '<a@b.example>',
    '"a b"@b.example',
    '"a@b.example"@c.example',
    'a(comment)@b.example',
    '@b.example:a@c.example',
    'group:a@b.example;',
    'a@b@c.example',
    'a@[127.0.0.1]',
    'a@127.0.0.1',
    'a@2130706433',
    'a@localhost',
    'a@b..example',
    'a@-b.example',
    '.a@b.example',
    'a.@b.example',
    'a..b@c.example',
    'a@b.example> SIZE=1',
    'a%c@b.example>',
    'ä@b.example',
    '=?utf-8?q?a?=@b.example\t',
    'a@exa\u2028mple.com',
    'a@b\u3002.example.',
    'a@b/c.example',
    `${'a'.repeat(65)}@b.example`,
    `a@${'b'.repeat(64)}.example`,
    '',
  ])('goes to no address like %j', (to) => {
    expect(faultsOf({ to: [to] })).toEqual(['to']);
    expect(faultsOf({ replyTo: to })).toEqual(['replyTo']);
  });

  it.each([
    ['Zoe@BÜCHER.example', 'Zoe@xn--bcher-kva.example'],
    ["o'neil+tag@mail.b.example", "o'neil+tag@mail.b.example"],
    ['a@例え.テスト', 'a@xn--r8jz45g.xn--zckzah'],
  ])('goes to %s as %s', (to, ascii) => {
    expect(checkMail({ ...GOOD, to: [to, to] })).toEqual({ mail: { ...GOOD, to: [ascii] } });
  });

  it.each([
    ['no recipient', { to: [] }, ['to']],
    ['too many recipients', { to: Array.from({ length: 21 }, (_, i) => `a${i}@b.example`) }, ['to']],
    ['a recipient that is no text', { to: [{ address: 'a@b.example' }] }, ['to']],
    ['a subject with a header in it', { subject: 'x\r\nBcc: a@b.example' }, ['subject']],
    ['a subject with a lone CR', { subject: 'x\rBcc: a@b.example' }, ['subject']],
    ['a subject with a NUL', { subject: 'x\0' }, ['subject']],
    ['a subject with a C1 control', { subject: 'x\u0085Bcc: a@b.example' }, ['subject']],
    ['a subject with a line separator', { subject: 'x\u2028y' }, ['subject']],
    ['half a character', { subject: '\ud800' }, ['subject']],
    ['a long subject', { subject: 'x'.repeat(201) }, ['subject']],
    ['a subject of blanks alone', { subject: ' \u00a0\u3000' }, ['subject']],
    ['a long text', { text: 'x'.repeat(200_001) }, ['text']],
    ['a NUL in its text', { text: 'x\0' }, ['text']],
    ['nothing to say', { text: undefined }, ['text']],
    ['a text from a file', { text: { path: '/etc/passwd' } }, ['text']],
    ['html from an address', { html: { href: 'http://127.0.0.1/' } }, ['html']],
    ['six files', { attachments: Array.from({ length: 6 }, () => PDF) }, ['attachments']],
    ['a file by its path', { attachments: [{ path: '/etc/passwd' }] }, ['attachments']],
    [
      'a file by its address',
      { attachments: [{ ...PDF, content: undefined, href: 'http://127.0.0.1/' }] },
      ['attachments'],
    ],
    ['a file name with a path', { attachments: [{ ...PDF, filename: '../offer.pdf' }] }, ['attachments']],
    ['a file name with a header', { attachments: [{ ...PDF, filename: 'a\r\nX: y.pdf' }] }, ['attachments']],
    ['a file name that turns round', { attachments: [{ ...PDF, filename: 'a\u202efdp.exe.pdf' }] }, ['attachments']],
    ['a hidden file', { attachments: [{ ...PDF, filename: '.pdf' }] }, ['attachments']],
    ['a program', { attachments: [{ ...PDF, filename: 'offer.pdf.exe' }] }, ['attachments']],
    ['a web page', { attachments: [{ ...PDF, filename: 'a.html', contentType: 'text/html' }] }, ['attachments']],
    ['a type with a header', { attachments: [{ ...PDF, contentType: 'application/pdf\r\nX: y' }] }, ['attachments']],
    ['a type of all objects', { attachments: [{ ...PDF, contentType: 'constructor' }] }, ['attachments']],
    ['bytes that are no base64', { attachments: [{ ...PDF, content: 'a b=' }] }, ['attachments']],
    [
      'more than 5 MiB of files',
      { attachments: [{ ...PDF, content: Buffer.alloc(5 * 1024 * 1024 + 3).toString('base64') }] },
      ['attachments'],
    ],
  ])('is refused with %s', (_what, change, fields) => {
    expect(faultsOf(change)).toEqual(fields);
  });

  it('keeps nothing that is not known of it', () => {
    const planted = { ...GOOD, cc: 'x@y.example', headers: { Bcc: 'x@y.example' }, envelope: {}, raw: 'x', list: {} };
    const file = { ...PDF, path: '/etc/passwd', headers: { X: 'y' }, cid: 'a', raw: 'x' };
    expect(checkMail({ ...planted, attachments: [file] })).toEqual({ mail: { ...GOOD, attachments: [PDF] } });
    for (const nothing of [undefined, null, 'x', 1, [], [GOOD]])
      expect(Object.keys((checkMail(nothing) as { faults: object }).faults)).toEqual(['to', 'subject', 'text']);
  });
});

describe('the bytes of a mail', () => {
  const NAMES = ['auto-submitted', 'content-transfer-encoding', 'content-type', 'date', 'from', 'message-id'];

  it('say what was handed in, in UTF-8, and go to whom it is for', async () => {
    const text = 'Grüße\n.\n.QUIT\r\nFrom the desk';
    const checked = checkMail({
      to: ['a@b.example', 'c@bücher.example'],
      subject: 'Grüße 👋 für Zoë',
      text,
      replyTo: 'r@b.example',
      attachments: [{ ...PDF, filename: 'Größe 1.pdf' }],
    });
    if ('faults' in checked) throw new Error(JSON.stringify(checked.faults));
    const { source, to } = await sourceOf(checked.mail);
    const headers = readHeaders(source);
    expect(Object.fromEntries(headers)).toMatchObject({
      from: 'Zoë Donna <donna@donna.example>',
      subject: 'Grüße 👋 für Zoë',
      'reply-to': 'r@b.example',
      'message-id': '<1@donna.example>',
      'auto-submitted': 'auto-generated',
      date: 'Thu, 01 Jan 1970 00:00:00 +0000',
    });
    expect(to).toEqual(['a@b.example', 'c@xn--bcher-kva.example']);
    // Plain ASCII on the wire, whatever it says.
    expect(source).toMatch(/^[\x20-\x7e\r\n\t]*$/);
    expect(source).toContain(PDF.content);
    expect(source).not.toMatch(/x-mailer/i);
  });

  it('do not let an encoded word of the subject pass for one of ours', async () => {
    const subject = '=?utf-8?q?=0D=0ABcc=3A_x=40y.example?= and ' + 'ü'.repeat(90);
    const { source } = await sourceOf({ ...GOOD, subject });
    expect(readHeaders(source).get('subject')).toBe(subject);
    expect(source.split('\r\n').every((line) => line.length <= 998)).toBe(true);
  });

  it('have the headers that they should have and no other, whatever is handed in', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '\r\n',
        '\n',
        '\r',
        '\0',
        ': ',
        'Bcc: x@y.example',
        '=?utf-8?b?',
        '?=',
        ',',
        '<',
        '>',
        '"',
        '\\',
        '\u0085',
        '\u2028',
        '.',
        ' ',
        '\t',
        '@',
      ),
      fc.string({ unit: 'grapheme', maxLength: 12 }),
    );
    const text = fc.array(piece, { minLength: 1, maxLength: 10 }).map((pieces) => pieces.join(''));
    let sent = 0;
    await fc.assert(
      fc.asyncProperty(text, text, text, fc.boolean(), async (subject, body, name, hasFile) => {
        const checked = checkMail({
          ...GOOD,
          subject,
          text: body,
          ...(hasFile ? { attachments: [{ ...PDF, filename: `${name}.pdf` }] } : {}),
        });
        if ('faults' in checked) return;
        sent += 1;
        const { source, to } = await sourceOf(checked.mail);
        const headers = readHeaders(source);
        expect(to).toEqual(['a@b.example']);
        expect(headers.get('to')).toBe('a@b.example');
        expect(headers.get('from')).toBe('Zoë Donna <donna@donna.example>');
        expect(
          [...headers.keys()].filter((found) => ![...NAMES, 'to', 'subject', 'mime-version'].includes(found)),
        ).toEqual([]);
        expect(headers.get('subject')?.replace(/\s+/g, ' ').trim()).toBe(subject.replace(/\s+/g, ' ').trim());
        expect(source.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
      }),
      { numRuns: 400 },
    );
    // What is refused at once proves nothing here.
    expect(sent).toBeGreaterThan(20);
  });
});
