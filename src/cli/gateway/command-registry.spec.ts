import { describe, expect, it } from '@jest/globals';
import { readCommandLine } from './command-registry.js';
import { mailCommand } from './commands/mail.command.js';
import { printMails } from './mail-command.js';
import { printTrace } from './print-trace.js';
import { printTable } from './printable.js';
import { type Advance, Progress, renderProgress } from './progress.js';

const read = (line: string): ReturnType<typeof readCommandLine> => readCommandLine(line.split(' ').filter(Boolean));

describe('the command line of npm run gateway', () => {
  it.each([
    ['stages', { isAll: false, isJson: false }],
    ['stages --all --json', { isAll: true, isJson: true }],
    ['replication', {}],
    ['routes', { task: { kind: 'list' } }],
    ['routes a.b', { task: { kind: 'show', route: 'a.b' } }],
    ['routes --match /x?y=z', { task: { kind: 'match', method: 'GET', target: '/x?y=z' } }],
    ['stage a.b', { task: { kind: 'show', route: 'a.b' } }],
    ['history a.b', { route: 'a.b' }],
    ['ignore a.b', { task: { kind: 'list', route: 'a.b' } }],
    [
      'ignore a.b /at --until 2027-01-31 --reason clocks',
      { task: { kind: 'add', route: 'a.b', pointer: '/at', until: '2027-01-31', reason: 'clocks' } },
    ],
    ['ignore a.b /at --remove --reason mended', { task: { kind: 'remove', pointer: '/at', reason: 'mended' } }],
    ['trace', { traceId: undefined }],
    ['trace 4bf92f3577b34da6a3ce929d0e0e4736', { traceId: '4bf92f3577b34da6a3ce929d0e0e4736' }],
    ['trace Order-7_of-Eve', { traceId: 'Order-7_of-Eve' }],
    ['token', { subject: 'developer', roles: ['user'], lifeS: 900 }],
    ['token --sub eve --role user,admin --ttl 5', { subject: 'eve', roles: ['user', 'admin'], lifeS: 5 }],
    ['doctor --php http://127.0.0.1:1', { args: ['--php', 'http://127.0.0.1:1'] }],
    [
      'stage a.b proxy --reason slow',
      { task: { kind: 'set', route: 'a.b', stage: 'proxy', weight: undefined, reason: 'slow' } },
    ],
    [
      'stage a.b canary --weight 5 --reason go',
      { task: { kind: 'set', route: 'a.b', stage: 'canary', weight: 5, reason: 'go' } },
    ],
    [
      'migrate all --dry-run --back',
      { collection: 'all', isDryRun: true, isBack: true, isVerifyOnly: false, isStop: false },
    ],
    ['migrate settings --verify', { collection: 'settings', isVerifyOnly: true, isDryRun: false }],
    ['stage a.b --clear --reason done', { task: { kind: 'clear', route: 'a.b', reason: 'done' } }],
  ])('understands %s', (line, options) => {
    expect(read(line)).toMatchObject({ kind: 'run', options });
  });

  it.each([
    ['', 'Say what to do'],
    ['promote a.b', '"promote" is not known'],
    ['stagse', 'did you mean stages?'],
    ['expl a.b', 'did you mean explain?'],
    ['stage a.b proxy --reson x', 'did you mean --reason?'],
    ['stages --weight 5', '--weight is not known'],
    ['routes a.b --match /x', 'not both'],
    ['routes --match x', '--match takes a method and an address'],
    ['ignore a.b /at --reason x', '--until'],
    ['ignore a.b /at --until 2027-01-31', '--reason'],
    ['ignore a.b at --until 2027-01-31 --reason x', 'neither a JSON pointer'],
    ['ignore a.b --reason x', 'Say which difference'],
    ['ignore a.b /at --remove --until 2027-01-31 --reason x', '--remove takes no'],
    ['trace ../stages', 'what stands in the header X-Trace-Id'],
    ['token --role root', '--role must be'],
    ['token --ttl 0', '--ttl must be'],
    ['token --sub a\u001bb', '--sub must be'],
    ['token --base http://127.0.0.1:1', '--base is not known'],
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
      expect(read(`stages --base ${base}/`)).toMatchObject({ options: { base } });
    },
  );
});

describe('the command line of mail', () => {
  const ID = '0b0e3a0c-8a44-4b0e-9d5c-0f6f3c1f4f11';
  const READ = (line: readonly string[]): ReturnType<typeof mailCommand.read> => mailCommand.read(line);

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

describe('help', () => {
  const names = [
    'routes',
    'stages',
    'stage',
    'history',
    'explain',
    'ignore',
    'replication',
    'trace',
    'record',
    'replay',
  ];
  names.push('cache', 'migrate', 'cleanup', 'person', 'mail', 'token', 'doctor');

  it('names every command, on lines that a terminal can show', () => {
    const { help } = read('--help') as { help: string };
    for (const name of names) expect(help).toMatch(new RegExp(`^  npm run gateway -- ${name} +\\S`, 'm'));
    expect(read('help stage')).toEqual(read('stage --help'));
    expect(Math.max(...help.split('\n').map((line) => line.length))).toBeLessThanOrEqual(140);
  });

  // The doctor reads its own command line, and prints its own help.
  it.each(names.filter((name) => name !== 'doctor'))('of %s tells each of its options', (name) => {
    const { kind, help } = read(`${name} --help`) as { kind: string; help: string };
    expect(kind).toBe('help');
    expect(help).toContain(`npm run gateway -- ${name}`);
    expect(help).toMatch(/^ {2}--json +\S/m);
    expect(help).toContain('Exit code: 0');
    // Whatever it names, it takes: with a value where it says so.
    for (const [, option = '', value] of help.matchAll(/^ {2}--([a-z-]+)(?: (<[^>]+>))?/gm)) {
      const line = readCommandLine([name, `--${option}${value === undefined ? '' : '=1'}`]);
      if (line.kind === 'fault') expect(line.problem).not.toMatch(/is not known|takes no argument|argument missing/);
    }
  });
});

describe('what a gateway answers', () => {
  const STEP = { name: 'x', startMs: 0, ms: 1, depth: 0 };
  const REQUEST = { traceId: 't', at: 'now', method: 'GET', route: null, status: 200, ms: 1, stage: null };

  it('is printed in bounded space, however ill it is meant', () => {
    const steps = [
      { ...STEP, name: 'a'.repeat(100_000), depth: -5 },
      { ...STEP, depth: 1e9 },
      { ...STEP, startMs: -1e300, ms: Infinity },
      { ...STEP, startMs: NaN, ms: NaN, note: '\u001b[2J\u202e' },
      ...Array.from({ length: 20_000 }, () => STEP),
    ];
    const trace = printTrace({ traceId: 't', instance: 'i', requests: [{ ...REQUEST, steps }] }, 80);
    expect(trace.length).toBeLessThan(100_000 + 20_010 * 250);
    expect(trace.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    const table = printTable([
      ['A', 'B'],
      ['a'.repeat(100_000), 'b'],
      ...Array.from({ length: 1000 }, () => ['a', 'b']),
    ]);
    expect(table.length).toBeLessThan(100_000 + 1010 * 130);
  });

  it('of a trace is a waterfall', () => {
    const steps = [
      { ...STEP, name: 'identity', ms: 5 },
      { ...STEP, name: 'forward', startMs: 5, ms: 5, note: 'target php 1' },
    ];
    const lines = printTrace({ traceId: 't', instance: 'i', requests: [{ ...REQUEST, ms: 10, steps }] }, 48).split(
      '\n',
    );
    expect(lines.slice(-2)).toEqual([
      '  identity  #####         5.00 ms',
      '  forward        #####    5.00 ms  target php 1',
    ]);
  });
});

describe('progress', () => {
  const HALF: Advance = { label: 'export', done: 50, total: 100, unit: 'items', note: 'php.conversations' };

  it('fits into any width, and says what matters most to the last', () => {
    expect(renderProgress(HALF, 10, 100)).toBe(
      '[###############---------------] export  50 %  50 of 100 items  5 s left  10/s  php.conversations',
    );
    for (let columns = 0; columns < 130; columns++)
      expect(renderProgress(HALF, 10, columns).length).toBeLessThanOrEqual(columns);
    expect(renderProgress(HALF, 10, 34)).toBe('export  50 %  50 of 100 items');
    expect(renderProgress({ ...HALF, label: 'a\u001b[2J', total: undefined }, undefined, 60)).toBe(
      'a?[2J  50 items  php.conversations',
    );
    expect(renderProgress({ ...HALF, done: 900 }, 1, 200)).toContain('100 %');
    expect(renderProgress({ ...HALF, done: 0, total: 0 }, 1, 200)).toContain('0 of 0 items');
  });

  function screenOf(
    isTTY: boolean,
    isQuiet = false,
  ): { written: string[]; progress: Progress; pass: (ms: number) => void } {
    const written: string[] = [];
    let now = 0;
    const progress = new Progress(isQuiet, { isTTY, columns: 60, write: (text) => written.push(text) }, () => now);
    return { written, progress, pass: (ms) => (now += ms) };
  }

  it('is one line on a terminal, given back at the end and at Ctrl-C', () => {
    const { written, progress, pass } = screenOf(true);
    const before = process.listenerCount('SIGINT');
    // Somebody else decides what Ctrl-C means: the process goes on.
    const others = (): void => undefined;
    process.on('SIGINT', others);
    try {
      progress.show(HALF);
      progress.show(HALF);
      expect(written).toHaveLength(1);
      pass(200);
      progress.show({ ...HALF, done: 60 });
      expect(written.every((text) => text.startsWith('\r\u001b[K') && !text.includes('\n'))).toBe(true);
      process.emit('SIGINT');
      expect(written.at(-1)).toBe('\r\u001b[K');
      progress.end();
      expect(written).toHaveLength(3);
    } finally {
      process.removeListener('SIGINT', others);
    }
    expect(process.listenerCount('SIGINT')).toBe(before);
  });

  it('is a line every few seconds where there is no terminal, and nothing for machines', () => {
    const { written, progress, pass } = screenOf(false);
    for (let at = 0; at < 100; at++) {
      pass(100);
      progress.show({ ...HALF, done: at });
    }
    progress.end();
    expect(written).toHaveLength(2);
    expect(written[1]).toMatch(/^export {2}99 % {2}99 of 100 items {2}1 s left {2}10\/s {2}php\.conversations\n$/);
    const quiet = screenOf(true, true);
    quiet.progress.show(HALF);
    quiet.progress.end();
    expect(quiet.written).toEqual([]);
  });
});
