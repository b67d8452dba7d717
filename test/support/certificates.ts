import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface Certificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

export interface CertificateFacts {
  readonly names?: readonly string[];
  readonly addresses?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Signs it; itself when left out. */
  readonly issuer?: Authority;
}

export interface Authority extends Certificate {
  readonly subject: Buffer;
  readonly privateKey: KeyObject;
}

const DAY_MS = 86_400_000;
const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));

/** An authority of one's own (X.509 v3, ECDSA on P-256). */
export function makeAuthority(name: string): Authority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = commonName(name);
  const isCa = extension('551d13', sequence(der(0x01, Buffer.from([0xff]))));
  const cert = assemble({ subject, publicKey, issuer: { subject, privateKey }, extensions: [isCa] });
  return { cert, key: pem(privateKey), subject, privateKey };
}

/** A server's certificate, valid for localhost from yesterday for 90 days unless said otherwise. */
export function makeCertificate(facts: CertificateFacts = {}): Certificate {
  const { names = ['localhost'], addresses = ['127.0.0.1'] } = facts;
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = commonName(names[0] ?? 'nobody');
  const alternatives = [
    ...names.map((name) => der(0x82, Buffer.from(name))),
    ...addresses.map((address) => der(0x87, Buffer.from(address.split('.').map(Number)))),
  ];
  const cert = assemble({
    subject,
    publicKey,
    issuer: facts.issuer ?? { subject, privateKey },
    extensions: [extension('551d11', sequence(...alternatives))],
    notBefore: facts.notBefore,
    notAfter: facts.notAfter,
  });
  return { cert, key: pem(privateKey) };
}

interface Parts {
  readonly subject: Buffer;
  readonly publicKey: KeyObject;
  readonly issuer: { readonly subject: Buffer; readonly privateKey: KeyObject };
  readonly extensions: readonly Buffer[];
  readonly notBefore?: Date | undefined;
  readonly notAfter?: Date | undefined;
}

/** RFC 5280, section 4.1. */
function assemble({ subject, publicKey, issuer, extensions, ...validity }: Parts): string {
  const { notBefore = new Date(Date.now() - DAY_MS), notAfter = new Date(Date.now() + 90 * DAY_MS) } = validity;
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    issuer.subject,
    sequence(generalizedTime(notBefore), generalizedTime(notAfter)),
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, issuer.privateKey);
  const whole = sequence(body, ECDSA_WITH_SHA256, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return `-----BEGIN CERTIFICATE-----\n${whole.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function oid(hex: string): Buffer {
  return der(0x06, Buffer.from(hex, 'hex'));
}

function commonName(name: string): Buffer {
  return sequence(der(0x31, sequence(oid('550403'), der(0x0c, Buffer.from(name)))));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(oid(id), der(0x04, value));
}

function generalizedTime(date: Date): Buffer {
  return der(0x18, Buffer.from(`${date.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}Z`));
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
