import type { GatewayConfig } from '../config/index.js';

/** Settings that are validated already but whose part is not in this release: said aloud, so that nobody relies on them. */
export function settingsWithoutEffect({ workers, paths, telemetry }: GatewayConfig): readonly string[] {
  const notes: string[] = [];
  if (workers > 1) notes.push('GATEWAY_WORKERS has no effect yet: one process serves');
  if (telemetry.sentryDsn !== undefined) notes.push('SENTRY_DSN has no effect yet');
  if (telemetry.otlpEndpoint !== undefined) notes.push('OTEL_EXPORTER_OTLP_ENDPOINT has no effect yet');
  if (paths.admin !== '/admin' || paths.docs !== '/docs') {
    notes.push(
      'ADMIN_PATH and DOCS_PATH have no effect yet: routes.yaml reserves /admin and /docs, take them out there',
    );
  }
  return notes;
}
