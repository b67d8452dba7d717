import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../../legacy-php');
/** Whatever opens a connection in PHP. */
const OPENS =
  /\b(?:curl_init|curl_multi_init|fsockopen|pfsockopen|socket_connect|stream_socket_client|stream_context_create|SoapClient)\b|(?:fopen|file_get_contents|copy)\(\s*["'](?:https?|ftp|tcp|ssl|tls):/i;
/** The two that refuse to leave this machine under DONNA_LOOPBACK_ONLY, which every test sets. */
const ALLOWED = ['lib/Mail/GatewayMail.php', 'lib/Provider/HttpClient.php'];

describe('the PHP application', () => {
  it('opens connections in two places only, which tests hold to this machine', () => {
    const files = ['api', 'lib', 'public', 'scripts'].flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name.endsWith('.php'))
        .map((entry) => join(entry.parentPath, entry.name)),
    );
    const opening = files.filter((file) => OPENS.test(readFileSync(file, 'utf8'))).map((file) => relative(ROOT, file));
    expect(opening.toSorted()).toEqual(ALLOWED);
    for (const file of ALLOWED) expect(readFileSync(join(ROOT, file), 'utf8')).toContain('isLoopback(');
  });
});
