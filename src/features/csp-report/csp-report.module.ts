import { Module } from '@nestjs/common';
import { CspReportController } from './csp-report.controller.js';
import { CspReports } from './csp-reports.js';

@Module({ providers: [CspReports], controllers: [CspReportController], exports: [CspReports] })
export class CspReportModule {}
