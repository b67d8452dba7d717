import type { Operation } from '../../src/openapi/document.types.js';
import { exampleRequests } from '../../src/openapi/make-request.js';
import { STAND_INS } from '../../src/openapi/stand-ins.js';
import { type Variant, variantsOf } from '../../src/openapi/variants.js';
import { RouteMatcher, type RouteTable } from '../../src/routing/index.js';
import type { ApiDocument } from './api-document.js';
import { DEMO } from './donna-site.js';
import { call, type CallAnswer } from './http-call.js';

type Fields = Readonly<Record<string, unknown>>;
type Headers = Readonly<Record<string, string>>;

/** Not sent: what would record traffic or needs a mail server, a policy's file or mail that waits. */
const NOT_SENT = new Set([
  'admin.recording.start short',
  'admin.retention.run dry',
  'admin.mail.retry why',
  'admin.mail.drop why',
  'marketing.send send.mail',
  'marketing.reply reply_to_email.mail',
  'sales.message send_email',
]);

/** Sends the examples of a documentation, and holds the answers against it. */
export class ExampleSender {
  readonly faults: string[] = [];
  /** Ids of the operations that were sent. */
  readonly covered = new Set<string>();
  private readonly real = new Map<string, string>();

  constructor(
    private readonly gateway: string,
    private readonly api: ApiDocument,
    private readonly admin: Headers,
  ) {}

  /** Every example of the table's routes, to whoever can answer it. */
  async sendAll(table: RouteTable): Promise<void> {
    const call = await this.send(
      '/api/voice-chat.php',
      'post',
      { action: 'initiate_call', to: '+15550100101' },
      this.admin,
    );
    this.real.set(STAND_INS.call, (call.json() as { call_id: string }).call_id);
    this.real.set(STAND_INS.email, DEMO.email).set(STAND_INS.password, DEMO.password);
    for (const { path, method, group } of new RouteMatcher(table).listed()) {
      const verb = method.toLowerCase();
      if (this.operationAt(path, verb) === undefined) continue;
      for (const variant of variantsOf(group, verb))
        for (const { name, fields } of exampleRequests(variant))
          if (!NOT_SENT.has(`${variant.route.name} ${name}`))
            await this.sendExample(path, verb, variant, { name, fields });
    }
  }

  private async sendExample(
    path: string,
    method: string,
    { route }: Variant,
    { name, fields }: { readonly name: string; readonly fields: Fields },
  ): Promise<void> {
    for (const arm of armsOf(route, method)) {
      await this.prepare(route.name);
      const headers =
        route.name === 'auth.token' ? {} : { ...this.admin, ...(arm === undefined ? {} : { 'X-Donna-Arm': arm }) };
      const { status, text } = await this.send(path, method, fields, headers);
      if (status >= 300) this.faults.push(`${route.name} ${name} ${arm ?? ''}: ${status} ${text.slice(0, 300)}`);
    }
  }

  /** What an example needs: a conversation to change or remove, a token to end. */
  private async prepare(route: string): Promise<void> {
    if (/^conversations\.(update|delete)$/.test(route)) {
      const made = await this.send('/api/conversations.php', 'post', { title: 'x' }, this.admin);
      this.real.set(STAND_INS.conversation, (made.json() as { data: { id: string } }).data.id);
    }
    if (route.startsWith('auth.')) {
      const signedIn = await this.send('/api/auth/token', 'post', DEMO, {});
      this.real.set(STAND_INS.refreshToken, (signedIn.json() as { refresh_token: string }).refresh_token);
    }
  }

  private async send(path: string, method: string, fields: Fields, headers: Headers): Promise<CallAnswer> {
    const operation = this.operationAt(path, method);
    const filled = JSON.parse(this.withReal(JSON.stringify(fields))) as Fields;
    const isBody = operation?.requestBody !== undefined;
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries(filled)) query.set(name, String(value));
    const answer = await call(this.gateway, isBody ? path : `${path}?${query.toString()}`, {
      method: method.toUpperCase(),
      headers: { ...headers, ...(isBody ? { 'Content-Type': 'application/json' } : {}) },
      ...(isBody ? { body: JSON.stringify(filled) } : {}),
    });
    const wrong = this.api.faultsOf(path, method, answer);
    this.faults.push(...wrong.map((fault) => `${method} ${path} ${JSON.stringify(filled)} ${answer.status}: ${fault}`));
    this.covered.add(operation?.operationId ?? '');
    return answer;
  }

  private operationAt(path: string, method: string): Operation | undefined {
    return this.api.document.paths[path]?.[method as 'get'];
  }

  private withReal(text: string): string {
    return [...this.real].reduce((filled, [standIn, value]) => filled.replaceAll(standIn, value), text);
  }
}

/** Both sides, where both can answer; a write of a route that Node has taken over is not PHP's any more. */
function armsOf(
  { upstream, handler, stage }: Variant['route'],
  method: string,
): readonly ('native' | 'php' | undefined)[] {
  if (upstream === undefined || handler === undefined) return [undefined];
  return stage === 'replaced' && method !== 'get' ? ['native'] : ['native', 'php'];
}
