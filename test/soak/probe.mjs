// Loaded into the gateway's process before it (--import): tells the soak, when asked, what the process holds.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const MICROS = 1000;
const delay = monitorEventLoopDelay({ resolution: 10 });
delay.enable();

process.on('message', async (message) => {
  if (message !== 'measure') return;
  // Twice, with a turn between: what the first has found dead may free more.
  for (let i = 0; i < 2; i++) {
    globalThis.gc();
    await new Promise((next) => setImmediate(next));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  const resources = {};
  for (const name of process.getActiveResourcesInfo()) resources[name] = (resources[name] ?? 0) + 1;
  const loop = { p99: delay.percentile(99) / MICROS / MICROS, max: delay.max / MICROS / MICROS };
  delay.reset();
  process.send({ heapUsed, external, rss, resources, loop });
});
process.channel.unref();
