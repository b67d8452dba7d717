import { describe, expect, it } from '@jest/globals';
import { readGatewayOptions } from './gateway-options.js';
import { printMails } from './mail-command.js';
import { readMailOptions } from './mail-options.js';

const read = (line: string): ReturnType<typeof readGatewayOptions> =>
  readGatewayOptions(line.split(' ').filter(Boolean));

describe('the command line of npm run gateway', () => {
  it.each([
    ['stages', { kind: 'stages' }],
    ['replication', { kind: 'replication' }],
    ['stage a.b', { kind: 'show', route: 'a.b' }],
    ['history a.b', { kind: 'history', route: 'a.b' }],
    ['stage a.b proxy --reason slow', { kind: 'set', route: 'a.b', stage: 'proxy', weight: undefined, reason: 'slow' }],
    [
      'stage a.b canary --weight 5 --reason go',
      { kind: 'set', route: 'a.b', stage: 'canary', weight: 5, reason: 'go' },
    ],
    [
      'migrate all --dry-run --back',
      { kind: 'migrate', collection: 'all', isDryRun: true, isBack: true, isVerifyOnly: false, isStop: false },
    ],
    ['migrate settings --verify', { kind: 'migrate', collection: 'settings', isVerifyOnly: true, isDryRun: false }],
    ['stage a.b --clear --reason done', { kind: 'clear', route: 'a.b', reason: 'done' }],
  ])('understands %s', (line, command) => {
    expect(read(line)).toMatchObject({ kind: 'run', command });
  });

  it.each([
    ['', 'Say what to do'],
    ['promote a.b', '"promote" is not known'],
    ['stages a.b', 'stages takes no route'],
    ['replication a.b', 'replication takes nothing'],
    ['stage', 'Name the route'],
    ['stage ../etc', 'Name the route'],
    ['stage a.b proxy', '--reason'],
    ['stage a.b proxy --reason', '--reason'],
    ['stage a.b canary more --reason x', '"more" is too much'],
    ['stage a.b canary --weight ten --reason x', 'whole number from 0 to 100'],
    ['stage a.b canary --weight 101 --reason x', 'whole number from 0 to 100'],
    ['stage a.b canary --weight -1 --reason x', 'weight'],
    ['stage a.b --clear', '--reason'],
    ['stage a.b proxy --clear --reason x', '--clear takes neither'],
    ['stage a.b --weight 5', 'Say which stage'],
    ['migrate', 'Say what to migrate'],
    ['migrate ../x', 'Say what to migrate'],
    ['migrate settings back', 'migrate takes one collection'],
    ['migrate settings --dry-run --verify', '--verify writes nothing'],
    ['stages --nonsense', 'nonsense'],
    ['stages --base gateway', '--base must be a URL'],
    ['stages --base http://gateway.example', '--base must be https'],
    ['stages --base https://me:secret@gateway.example', 'neither a user name'],
  ])('says what is wrong with "%s"', (line, problem) => {
    const options = read(line);
    expect(options).toMatchObject({ kind: 'fault', problem: expect.stringContaining(problem) });
  });

  it.each(['http://127.0.0.1:3000', 'http://localhost:3000', 'http://[::1]:3000', 'https://gateway.example/base'])(
    'takes a token to %s',
    (base) => {
      expect(read(`stages --base ${base}/`)).toMatchObject({ base });
    },
  );
});

describe('the command line of mail', () => {
  const ID = '0b0e3a0c-8a44-4b0e-9d5c-0f6f3c1f4f11';
  const READ = (line: readonly string[]): ReturnType<typeof readMailOptions> => readMailOptions(line);

  it.each([
    [[], { kind: 'list' }],
    [['retry', ID, '--reason', 'back again'], { kind: 'retry', id: ID, reason: 'back again' }],
    [['drop', ID, '--reason', 'wrong'], { kind: 'drop', id: ID, reason: 'wrong' }],
  ])('reads %j', (line, task) => {
    expect(READ(line)).toMatchObject({ kind: 'run', options: { task } });
  });

  it.each([
    [['retry', ID], '--reason'],
    [['retry', '../stages', '--reason', 'x'], 'by its id'],
    [['drop', '--reason', 'x'], 'by its id'],
    [['send', ID, '--reason', 'x'], 'retry or drop'],
    [['--reason', 'x'], '--reason goes with'],
    [['retry', ID, 'more', '--reason', 'x'], 'too much'],
  ])('says what is wrong with %j', (line, problem) => {
    expect(READ(line)).toMatchObject({ kind: 'fault', problem: expect.stringContaining(problem) });
  });

  it('shows a mail by its id, and nothing that could steer a terminal', () => {
    const mail = {
      id: ID,
      state: 'dead',
      attempts: 2,
      recipients: 1,
      acceptedAt: 'now',
      dueAt: 'now',
      fault: 'E\u001b[2J',
    };
    const shown = printMails({ isKnown: true, mails: [mail] });
    expect(shown).toMatch(new RegExp(`^ID .*\\n${ID}  dead`));
    expect(shown).not.toContain('\u001b');
    expect(printMails({ isKnown: false, mails: [] })).toContain('not known');
  });
});
