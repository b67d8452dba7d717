// Loaded into the gateway before it starts (--import): SIGUSR2 begins to count what is allocated on V8's heap, the next one tells it, in
// bytes, on standard error. Between two collections memory only grows: the sum of these growths is what was allocated.
import { writeSync } from 'node:fs';
import { getHeapStatistics, GCProfiler } from 'node:v8';

let profiler;
let usedAtStart = 0;

process.on('SIGUSR2', () => {
  const used = getHeapStatistics().used_heap_size;
  if (profiler === undefined) {
    profiler = new GCProfiler();
    usedAtStart = used;
    profiler.start();
    tell('counting allocations\n');
    return;
  }
  const { statistics } = profiler.stop();
  profiler = undefined;
  let bytes = 0;
  let last = usedAtStart;
  for (const { beforeGC, afterGC } of statistics) {
    bytes += Math.max(0, beforeGC.heapStatistics.usedHeapSize - last);
    last = afterGC.heapStatistics.usedHeapSize;
  }
  bytes += Math.max(0, used - last);
  tell(`allocated ${bytes}\n`);
});

/** The gateway takes its standard streams over. */
function tell(line) {
  writeSync(2, line);
}
