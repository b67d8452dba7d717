import type { ServerResponse } from 'node:http';
import type { Metrics } from '../../metrics/index.js';

/** Answers with all metrics in Prometheus' text format. */
export async function writeMetrics(res: ServerResponse, metrics: Metrics): Promise<void> {
  const { contentType, text } = await metrics.render();
  const body = Buffer.from(text);
  res.writeHead(200, {
    'Content-Type': contentType,
    'Content-Length': String(body.byteLength),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  res.end(body);
}
