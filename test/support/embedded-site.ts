import { afterAll, beforeAll } from '@jest/globals';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type EmbeddedPhp, type EmbeddedPhpOptions, startEmbeddedPhp } from '../../src/forward/embedded/index.js';

/** A small PHP application with a page for each thing that an embedded PHP must do right. */
const PAGES: Record<string, string> = {
  'router.php': `<?php
    $path = rawurldecode(explode('?', $_SERVER['REQUEST_URI'], 2)[0]);
    if (preg_match('~^/api/([a-z0-9_-]+\\.php)(/.*)?$~', $path, $match) && is_file(__DIR__ . '/api/' . $match[1])) {
        $_SERVER['SCRIPT_NAME'] = '/api/' . $match[1];
        $_SERVER['SCRIPT_FILENAME'] = __DIR__ . '/api/' . $match[1];
        if (isset($match[2])) { $_SERVER['PATH_INFO'] = $match[2]; }
        require $_SERVER['SCRIPT_FILENAME'];
        return true;
    }
    if ($path === '/' || $path === '/page.php' || str_starts_with($path, '/assets/')) { return false; }
    http_response_code(404);
    echo 'nothing here';`,
  'public/index.php': "<?php echo 'home';",
  'public/page.php': "<?php echo 'page of ', $_SERVER['REQUEST_METHOD'];",
  'public/assets/site.css': 'body { margin: 0 }',
  'public/assets/.secret': 'SECRET',
  'public/assets/source.php.inc': '<?php // SECRET',
  'lib/secret.txt': 'SECRET',
  'api/echo.php': `<?php
    header('Content-Type: application/json');
    echo json_encode(['server' => $_SERVER, 'env' => getenv(), 'get' => $_GET, 'post' => $_POST, 'cookie' => $_COOKIE,
        'files' => array_map(fn ($f) => [$f['name'], $f['size'], is_file($f['tmp_name']) ? md5_file($f['tmp_name']) : null], $_FILES),
        'md5' => md5(file_get_contents('php://input')), 'headers' => count(getallheaders())]);`,
  'api/cookies.php': `<?php http_response_code(418);
    header('Set-Cookie: a=1; Path=/'); header('Set-Cookie: b=2', false); header('X-Quoted: "a\\\\b"'); echo 'teapot';`,
  'api/fatal.php': "<?php throw new RuntimeException('cannot mail anna@example.org');",
  'api/sse.php': `<?php header('Content-Type: text/event-stream');
    for ($i = 0; $i < 3; $i++) { echo "data: $i\\n\\n"; flush();
      for ($wait = 0; $wait < 1000 && !is_file(dirname(__DIR__) . "/var/{$_GET['heard']}-$i"); $wait++) { usleep(10000); clearstatcache(); } }`,
  'api/count.php': `<?php $file = fopen(dirname(__DIR__) . '/var/count', 'c+'); flock($file, LOCK_EX);
    $n = (int) stream_get_contents($file); usleep(5000); rewind($file); fwrite($file, (string) ($n + 1)); fflush($file);
    flock($file, LOCK_UN); echo $n + 1;`,
  'api/session.php': "<?php session_start(); $_SESSION['n'] = ($_SESSION['n'] ?? 0) + 1; echo $_SESSION['n'];",
  'api/fetch.php': "<?php echo file_get_contents($_GET['url']);",
  'api/loop.php': "<?php touch(dirname(__DIR__) . '/var/loops'); for (;;) { if (false) { break; } }",
  'api/large.php': "<?php for ($i = 0; $i < 32768; $i++) { echo str_repeat('x', 1024); }",
  'api/ok.php': '<?php echo json_encode(["ok" => true]);',
};

/** The application's folder, and embedded PHPs over it that end with the tests of the file. */
export interface EmbeddedSite {
  readonly root: string;
  /** What they have logged. */
  readonly lines: string[];
  start(options?: Partial<EmbeddedPhpOptions>): Promise<EmbeddedPhp>;
}

/** Call it once in a file, outside of its tests. */
export function useEmbeddedSite(): EmbeddedSite {
  const root = mkdtempSync(join(tmpdir(), 'embedded-php-'));
  const lines: string[] = [];
  const started: EmbeddedPhp[] = [];
  beforeAll(async () => {
    for (const [path, text] of Object.entries({ ...PAGES, 'var/count': '0' })) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    await symlink(join(root, 'lib/secret.txt'), join(root, 'public/assets/link.txt'));
  });
  afterAll(async () => {
    await Promise.all(started.map((php) => php.stop()));
    await rm(root, { recursive: true, force: true });
  });
  return {
    root,
    lines,
    start: async (options = {}) => {
      const env = { GREETING: 'hello' };
      const php = await startEmbeddedPhp({ root, env, log: (line) => lines.push(line), ...options });
      started.push(php);
      return php;
    },
  };
}

/** fetch() cleans paths up; a raw request does not. */
export async function askPhp(
  php: EmbeddedPhp,
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> {
  const sent = get(php.origin, { path, headers });
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  let text = '';
  for await (const piece of answer.setEncoding('utf8')) text += piece;
  return { status: answer.statusCode ?? 0, text };
}
