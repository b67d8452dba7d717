export { AuthTokenModule } from './auth-token/auth-token.module.js';
export { ChatbotSettingsModule } from './chatbot-settings/chatbot-settings.module.js';
export { ConversationsModule } from './conversations/conversations.module.js';
export { CspReportModule } from './csp-report/csp-report.module.js';
export { CspReports } from './csp-report/csp-reports.js';
export { HealthModule } from './health/health.module.js';
export { ReservedModule } from './reserved/reserved.module.js';
