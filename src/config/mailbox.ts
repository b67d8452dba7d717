import { domainToASCII } from 'node:url';

/** Who a mail is from: an address and the name that people see. */
export interface Mailbox {
  /** '' where there is none. */
  readonly name: string;
  /** Its host name in ASCII (RFC 5891). */
  readonly address: string;
}

/** The dot-atom of RFC 5322: no quotes, comments, blanks, routes or groups. */
const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** What a host name is written with before it is brought into ASCII: letters, marks, digits; nothing that ends an address or a line. */
const HOST_CHARACTERS = /^[\p{L}\p{M}\p{N}.-]+$/u;
const MAX_ADDRESS = 254;
const MAX_LOCAL_PART = 64;
const MAX_NAME = 100;
/** Characters of control, of line and direction, quotes, and what begins an encoded word. */
const UNFIT_NAME = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069"<>\\\ud800-\udfff]|=\?/u;

/**
 * One e-mail address alone, with its host name in ASCII and small letters; undefined for anything else: several of them, a name beside
 * it, quotes, comments, routes (`@a:b@c`), groups, address literals, a local part beyond ASCII (RFC 6531 is not spoken).
 */
export function readAddress(text: string): string | undefined {
  if (text.length > MAX_ADDRESS) return undefined;
  const [local = '', host = '', ...more] = text.split('@');
  if (more.length > 0 || local.length > MAX_LOCAL_PART || !LOCAL_PART.test(local)) return undefined;
  if (!HOST_CHARACTERS.test(host)) return undefined;
  const ascii = domainToASCII(host);
  const labels = ascii.split('.');
  // A name that URLs would take for an IPv4 address is none of a mail host.
  if (labels.length < 2 || !labels.every((label) => LABEL.test(label)) || /^\d+$/.test(labels.at(-1) ?? ''))
    return undefined;
  const address = `${local}@${ascii}`;
  return address.length > MAX_ADDRESS ? undefined : address;
}

/** `address`, or `name <address>` with or without quotes around the name; undefined for anything else. */
export function readMailbox(text: string): Mailbox | undefined {
  const parts = /^\s*(?:"([^"]*)"|([^"<>]*?))\s*<([^<>\s]+)>\s*$/.exec(text);
  const name = parts === null ? '' : (parts[1] ?? parts[2] ?? '').trim();
  const address = readAddress(parts === null ? text.trim() : (parts[3] ?? ''));
  return address === undefined || name.length > MAX_NAME || UNFIT_NAME.test(name) ? undefined : { name, address };
}
