export { ARM_AUTHORITY_HEADER, ARM_HEADER, readArmChoice } from './arm-choice.js';
export { expectedStatuses } from './expected-statuses.js';
export { FixtureError, type FixtureFile, readFixture } from './fixture-file.js';
export { RecordModule } from './record.module.js';
export type { Fixture, RecordedRequest } from './recorded-exchange.js';
export { Recorder, type RecordingStatus } from './recorder.js';
export { type ParityReport, reportParity, type RouteParity } from './replay/parity-report.js';
export type { RenderedRequest } from './replay/render-request.js';
export { replayFixtures, type ReplayIdentity, type ReplayOptions } from './replay/replay-fixtures.js';
