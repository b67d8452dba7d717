import type { ServerResponse } from 'node:http';
import { GatewayError } from '../../contract/index.js';
import type { Metrics } from '../../metrics/index.js';
import { LinkError } from '../../workers/index.js';

/** Answers with all metrics in Prometheus' text format. @throws GatewayError where those of the other workers cannot be had: a part is not the whole */
export async function writeMetrics(res: ServerResponse, metrics: Metrics): Promise<void> {
  const { contentType, text } = await metrics.render().catch((error: unknown) => {
    throw error instanceof LinkError ? new GatewayError('UPSTREAM_UNAVAILABLE') : error;
  });
  const body = Buffer.from(text);
  res.writeHead(200, {
    'Content-Type': contentType,
    'Content-Length': String(body.byteLength),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  res.end(body);
}
