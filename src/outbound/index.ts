export type { Mail, MailAttachment, MailFacts, MailReceipt } from './mail/mail.js';
export { MailTransport } from './mail/mail.js';
export { MailDesk, type MailOfPerson, type MailView } from './mail/mail-desk.js';
export { Outbound } from './outbound.js';
export { OutboundModule } from './outbound.module.js';
export type { OutboundCall } from './outbound-call.js';
export { OutboundRecording, OutboundRefusedError } from './outbound-recording.js';
