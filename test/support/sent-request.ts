import { multipart } from './http-call.js';

export const FORM = 'application/x-www-form-urlencoded';
export const WAV = Buffer.concat([Buffer.from('RIFF\x24\0\0\0WAVEfmt ', 'latin1'), Buffer.alloc(64)]);

export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly type?: string;
  readonly body?: string | Buffer;
}
export type Case = readonly [title: string, sent: Sent];

export const post = (path: string, fields: unknown): Sent => ({
  method: 'POST',
  path,
  type: 'application/json',
  body: JSON.stringify(fields),
});
export const put = (path: string, fields: unknown): Sent => ({ ...post(path, fields), method: 'PUT' });
export const form = (path: string, body: string): Sent => ({ method: 'POST', path, type: FORM, body });
export const get = (path: string): Sent => ({ method: 'GET', path });
export const upload = (...parts: Parameters<typeof multipart>): Sent => ({
  method: 'POST',
  path: VOICE,
  ...multipart(...parts),
});
export const file = (bytes: Buffer, name = 'a.wav', field = 'audio'): Sent =>
  upload([['action', 'upload_audio']], [[field, name, 'audio/wav', bytes]]);

export const CHAT = '/api/donna_logic.php';
export const CONVERSATIONS = '/api/conversations.php';
export const SETTINGS = '/api/chatbot_settings.php';
export const MARKETING = '/api/marketing.php';
export const VOICE = '/api/voice-chat.php';
export const SALES = '/api/sales/overview.php';
export const SECRETARY = '/api/secretary/dashboard.php';
export const STATS = '/api/system-stats.php';
export const LOGIN = '/api/auth/login.php';

export const chat = (fields: object): Sent => post(CHAT, { message: 'hello', ...fields });
export const mail = (fields: object): Sent =>
  post(MARKETING, { action: 'send', to: 'a@b.example', subject: 's', body: 'b', ...fields });
export const event = (fields: object): Sent => post(SALES, { action: 'voice_event', kind: 'said', ...fields });
export const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });
