export { type ExperimentReport, ExperimentReports } from './experiment-reports.js';
export { JUDGE_PROVIDERS } from './judge.providers.js';
export { Judge } from './judge.js';
