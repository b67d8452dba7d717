import type { FunctionComponent } from 'preact';
import type { IconName } from '../parts/icon.js';
import { DataPage } from './data/data-page.js';
import { ExperimentsPage } from './experiments/experiments-page.js';
import { OverviewPage } from './overview/overview-page.js';
import { RealtimePage } from './realtime-page.js';
import { RoutesPage } from './routes/routes-page.js';
import { SecurityPage } from './security-page.js';
import { TracePage } from './trace/trace-page.js';

export interface PageProps {
  /** What follows the page's name in the address. */
  readonly name: string;
}

interface PageEntry {
  readonly id: string;
  readonly title: string;
  readonly icon: IconName;
  readonly View: FunctionComponent<PageProps>;
}

/** The pages, in the order of the navigation; the first is where everybody begins. */
export const PAGES: readonly PageEntry[] = [
  { id: 'overview', title: 'Overview', icon: 'overview', View: OverviewPage },
  { id: 'routes', title: 'Routes', icon: 'routes', View: RoutesPage },
  { id: 'experiments', title: 'Experiments', icon: 'experiments', View: ExperimentsPage },
  { id: 'realtime', title: 'Realtime', icon: 'realtime', View: RealtimePage },
  { id: 'security', title: 'Security', icon: 'security', View: SecurityPage },
  { id: 'data', title: 'Mail and data', icon: 'data', View: DataPage },
  { id: 'trace', title: 'Trace', icon: 'trace', View: TracePage },
];
