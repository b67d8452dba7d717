import { Controller, HttpCode, Inject, Req } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../../contract/index.js';
import { NativeHandler } from '../../routing/index.js';
import { exchangeOf } from '../../trace/index.js';
import { CspReports } from './csp-reports.js';
import { readViolations } from './violation.js';

/** Takes the reports that browsers send of breaches of the content security policy. */
@Controller()
export class CspReportController {
  constructor(@Inject(CspReports) private readonly reports: CspReports) {}

  @NativeHandler('csp-report')
  @HttpCode(204)
  report(@Req() req: IncomingMessage & { readonly body?: unknown }): void {
    const violations = readViolations(req.body, hostOf(exchangeOf(req)?.authority ?? ''));
    if (violations === undefined) {
      throw new GatewayError('VALIDATION_FAILED', {
        error: 'Send a "csp-report" object, or an array of reports as the Reporting API writes them.',
        validationErrors: { body: 'is no report of a browser' },
      });
    }
    for (const violation of violations) this.reports.add(violation);
  }
}

/** Whichever scheme the page had: behind a proxy that is not trusted the gateway does not know it. */
function hostOf(authority: string): string {
  return authority.toLowerCase().replace(/:(?:80|443)$/, '');
}
