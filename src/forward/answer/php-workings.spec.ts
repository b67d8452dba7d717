import { describe, expect, it } from '@jest/globals';
import { showsWorkings } from './php-workings.js';

const shows = (error: unknown): boolean => showsWorkings(Buffer.from(JSON.stringify({ success: false, error })));

describe('showsWorkings', () => {
  it.each([
    ['PDO', "SQLSTATE[42S02]: Base table or view not found: 1146 Table 'donna.users' doesn't exist"],
    ['mysqli', 'You have an error in your SQL syntax; check the manual'],
    ['a warning', 'Undefined variable $x in /var/www/html/api/x.php on line 3'],
    ['an exception', 'RuntimeException: no in C:\\xampp\\htdocs\\api\\x.php:12'],
    ['a stack', '#0 /srv/app/lib/Db.php(44): PDO->query()\n#1 {main}'],
    ['a stream', 'fopen(/etc/donna.ini): Failed to open stream: No such file'],
  ])('knows what %s says', (_who, text) => {
    expect(shows(text)).toBe(true);
    // As json_encode writes it.
    expect(showsWorkings(Buffer.from(JSON.stringify({ error: text }).replaceAll('/', '\\/')))).toBe(true);
  });

  it('knows an exception that a framework prints', () => {
    expect(shows({ exception: 'TypeError', file: '/home/donna/public/index.php', line: 7 })).toBe(true);
  });

  it.each([
    'Conversation not found.',
    'SQLSTATE is a code of five characters.',
    'The page /home/page.php was not found.',
    'See https://example.com/docs/in/index.php?line=3 for more.',
    'Write your query in line 3.',
    'Ticket #12 (open) is in the queue.',
    { file: 'invoice.pdf', line: 3 },
  ])('leaves %j alone', (text) => {
    expect(shows(text)).toBe(false);
  });
});
