/** What became of an attempt to hand over a mail. */
export interface SmtpOutcome {
  /** Who may get it later. */
  readonly left: readonly string[];
  /** Who will not get it, however often it is tried. */
  readonly refused: readonly string[];
  /** Why not all have it: codes alone, never what a server said, since it repeats addresses. */
  readonly fault: string | undefined;
}

/** What nodemailer tells of an error; its own types promise less. */
interface SmtpError {
  readonly code?: unknown;
  readonly originalCode?: unknown;
  readonly command?: unknown;
  readonly response?: unknown;
  readonly responseCode?: unknown;
  readonly recipient?: unknown;
  readonly rejectedErrors?: unknown;
}

/** Wrong state, TLS or login demanded, login refused: about the session and its settings, not about this mail. */
const OF_THE_SESSION = new Set([503, 530, 534, 535, 538]);
/** Faults of the mail itself, which no server could take. */
const OF_THE_MAIL = new Set(['EMESSAGE', 'EENVELOPE', 'EFILEACCESS', 'EURLACCESS', 'EMAXRECIPIENTS']);

/** A server has taken the mail for some recipients at least; `errors` are those of the others. */
export function outcomeOfAnswer(errors: readonly unknown[]): SmtpOutcome {
  const failed = errors.map((error) => error as SmtpError);
  const nameOf = ({ recipient }: SmtpError): string => (typeof recipient === 'string' ? recipient : '');
  return {
    left: failed.filter((error) => !isPermanent(error)).map(nameOf),
    refused: failed.filter(isPermanent).map(nameOf),
    fault: failed[0] === undefined ? undefined : describe(failed.find(isPermanent) ?? failed[0]),
  };
}

/** The mail went to nobody. */
export function outcomeOfError(recipients: readonly string[], error: unknown): SmtpOutcome {
  const fault = (typeof error === 'object' && error !== null ? error : {}) as SmtpError;
  const { rejectedErrors } = fault;
  if (Array.isArray(rejectedErrors) && rejectedErrors.length === recipients.length)
    return outcomeOfAnswer(rejectedErrors);
  return isPermanent(fault)
    ? { left: [], refused: recipients, fault: describe(fault) }
    : { left: recipients, refused: [], fault: describe(fault) };
}

function isPermanent({ code, responseCode }: SmtpError): boolean {
  // Connection, TLS, login: repaired on either side, and the mail can still go.
  if (typeof code !== 'string' || !OF_THE_MAIL.has(code)) return false;
  if (typeof responseCode !== 'number') return true;
  return responseCode >= 500 && !OF_THE_SESSION.has(responseCode);
}

function describe({ code, originalCode, command, response, responseCode }: SmtpError): string {
  const words = [code, originalCode, command].filter(
    (word): word is string => typeof word === 'string' && /^[A-Z][A-Z\d_ -]{1,60}$/.test(word),
  );
  const enhanced =
    typeof response === 'string' ? /^\d{3}[ -](\d\.\d{1,3}\.\d{1,3})(?!\S)/.exec(response)?.[1] : undefined;
  const told = [...words, ...(typeof responseCode === 'number' ? [String(responseCode)] : []), enhanced ?? ''];
  return told.join(' ').trim() === '' ? 'unknown' : told.join(' ').trim();
}
