import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeAuthority, makeCertificate } from './certificates.js';
import { type MailServer, startMailServer, type TakenMail } from './mail-server.js';
import { type PostgresServer, startPostgresServer } from './postgres-server.js';

export const MAIL_PASSWORD = 'mail-pass-word';
export const MAIL = { to: ['a@b.example'], subject: 'Grüße 👋', text: 'Hello' } as const;

/** A mail server with a certificate of an authority of its own, and a Postgres for the queue. */
export interface MailSite {
  readonly postgres: PostgresServer;
  readonly server: MailServer;
  /** PEM of the authority. */
  readonly caFile: string;
  /** What a test has the server say to a recipient, or to a mail, instead of 250. */
  answerTo: (address: string) => string | undefined;
  answerMail: (mail: TakenMail) => string | undefined;
  /** Ends a test. */
  reset(): void;
  stop(): Promise<void>;
}

/** Starts `program` (a `postgres`) and a mail server; use it within `describeWith('postgres', …)`. */
export async function startMailSite(program: string): Promise<MailSite> {
  const authority = makeAuthority('Mail Authority');
  const folder = mkdtempSync(join(tmpdir(), 'mail-site-'));
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, authority.cert);
  const [postgres, server] = await Promise.all([
    startPostgresServer(program),
    startMailServer({
      certificate: makeCertificate({ issuer: authority }),
      password: MAIL_PASSWORD,
      answerTo: (address) => site.answerTo(address),
      answerMail: (mail) => site.answerMail(mail),
    }),
  ]);
  const site: MailSite = {
    postgres,
    server,
    caFile,
    answerTo: () => undefined,
    answerMail: () => undefined,
    reset: () => {
      site.answerTo = () => undefined;
      site.answerMail = () => undefined;
      server.taken.splice(0);
    },
    stop: async () => {
      await Promise.all([postgres.stop(), server.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return site;
}
