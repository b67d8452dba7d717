import { Controller, Header, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { CspReports } from '../features/index.js';
import { NativeHandler } from '../routing/index.js';
import { SecurityWatch } from '../watch/index.js';
import type { SecurityView } from './admin-api.js';
import { adminRequest } from './admin-request.js';
import { PseudonymousViews } from './live/pseudonymous-views.js';

/** Breaches of the content security policy that are told. */
const MAX_BREACHES = 100;

/** What was refused, and what browsers reported. For administrators; callers are told by pseudonyms. */
@Controller()
export class SecurityController {
  constructor(
    @Inject(SecurityWatch) private readonly watch: SecurityWatch,
    @Inject(CspReports) private readonly reports: CspReports,
    @Inject(PseudonymousViews) private readonly views: PseudonymousViews,
  ) {}

  @NativeHandler('admin.security')
  @Header('Cache-Control', 'no-store')
  show(@Req() req: IncomingMessage): SecurityView {
    adminRequest(req);
    const { watch } = this;
    return {
      since: watch.since,
      counts: watch.counts(),
      points: watch.points(),
      recent: watch.recent().map((refusal) => this.views.refusal(refusal)),
      csp: this.reports
        .list()
        .slice(0, MAX_BREACHES)
        .map(({ directive, blocked, documentPath, disposition, count, lastSeenAt }) => ({
          directive,
          blocked,
          page: documentPath,
          disposition,
          count,
          lastAt: new Date(lastSeenAt).toISOString(),
        })),
    };
  }
}
