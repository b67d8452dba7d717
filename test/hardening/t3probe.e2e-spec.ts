import { it, expect } from '@jest/globals';
import { requirePart } from '../setup/parts.js';
import { startPhpFpm } from '../support/php-fpm.js';
import { sendRaw } from '../support/raw-client.js';
import { startEmbeddedPhp } from '../../src/forward/embedded/index.js';
it('probe', async () => {
  const f = requirePart('php-fpm'), n = requirePart('nginx');
  if (!f.isPresent || !n.isPresent) throw new Error('x');
  const php = await startEmbeddedPhp({ root: 'legacy-php', env: { DONNA_TEST_FIXTURES: '1', NODE_ENV: 'test' }, log: (l) => console.log(l) });
  for (const b of [true, false]) {
    const fpm = await startPhpFpm({ fpm: f.path, nginx: n.path }, { buffersRequests: b });
    for (const p of [fpm.port, Number(new URL(php.origin).port)]) {
      for (const parts of [['b\r\naaaaaaaaaaa\r\n0\r\n\r\n'], ['3\r\naaa\r\n', '8\r\nbbbbbbbb\r\n', '0\r\n\r\n']]) {
      const a = await sendRaw(p, ['POST /__fixtures/echo.php/pi HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n', ...parts]);
      console.log(b, p, a);
      }
      console.log(await sendRaw(p, ['POST /__fixtures/echo.php HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n', '3\r\na=1\r\n0\r\n\r\n']));
    }
    await fpm.stop();
  }
  await php.stop();
}, 60000);
