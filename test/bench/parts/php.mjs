import { compare, takeRatio, warmUp } from '../support/compare.mjs';
import { startGateway } from '../support/gateway.mjs';
import { startPhpSite } from '../support/php-site.mjs';
import { prove } from '../support/proof.mjs';
import { fullTable } from '../support/route-table.mjs';

const DIRECT = 'nginx, php-fpm';

/** The gateway before nginx and php-fpm, beside the same nginx and php-fpm alone; and its cache beside them. */
export async function php(bench) {
  const site = await startPhpSite(bench);
  const gateway = await startGateway(bench, { table: fullTable(), upstream: site.origin });
  const between = (path) => ({
    gateway: { url: `${gateway.origin}/${path}`, program: gateway },
    [DIRECT]: { url: `${site.origin}/${path}`, program: site },
  });
  bench.report.facts.phpWorkMicros = site.workMicros;
  try {
    for (const path of ['work.php', 'light.php', 'cached.php'])
      await prove(`${gateway.origin}/${path}`, { caller: bench.caller });
    // PHP's pace is too slow for V8 to translate the gateway while it is measured: here it gets what some minutes of a day bring.
    await warmUp(bench, { url: `${gateway.origin}/light.php`, program: gateway });
    const busy = await compare(bench, {
      title: 'Before php-fpm, 5 ms of PHP',
      candidates: between('work.php'),
      connections: 50,
      seconds: 2 * bench.seconds,
    });
    takeRatio(bench, 'phpFpm.vsNginx', busy, DIRECT);
    delete bench.report.cpuRatios['phpFpm.vsNginx'];
    for (const [path, key, title] of [
      ['work.php', 'phpWork', 'Before php-fpm, 5 ms of PHP'],
      ['light.php', 'phpLight', 'Before php-fpm, a script that does next to nothing'],
    ]) {
      const { rows } = await compare(bench, { title, candidates: between(path), connections: 1 });
      bench.report.facts[`${key}AddedP50Micros`] = rows[0].p50Micros.median - rows[1].p50Micros.median;
    }
    const hits = await compare(bench, {
      title: 'Cache hit, before the same script',
      candidates: between('cached.php'),
      connections: 50,
      rounds: Math.ceil(bench.rounds / 2),
    });
    takeRatio(bench, 'cacheHit.vsPhpFpm', hits, DIRECT);
  } finally {
    await gateway.stop();
    await site.stop();
  }
  if (!bench.isQuick) await sharedCores(bench);
}

/** The harder case: the gateway has no processor of its own, every one of its microseconds is one that PHP has not. */
async function sharedCores(bench) {
  const site = await startPhpSite(bench, { cpu: '0,1', name: 'php-shared' });
  const gateway = await startGateway(bench, { table: fullTable(), upstream: site.origin, cpu: '0,1' });
  try {
    await warmUp(bench, { url: `${gateway.origin}/light.php`, program: gateway });
    const { rows } = await compare(bench, {
      title: 'Before php-fpm, 5 ms of PHP, everything on the same two processors',
      candidates: {
        gateway: { url: `${gateway.origin}/work.php`, program: gateway },
        [DIRECT]: { url: `${site.origin}/work.php`, program: site },
      },
      connections: 50,
      rounds: Math.ceil(bench.rounds / 2),
      seconds: 2 * bench.seconds,
    });
    bench.report.facts.phpSharedCoresRatio = rows[1].ratio.median;
  } finally {
    await gateway.stop();
    await site.stop();
  }
}
