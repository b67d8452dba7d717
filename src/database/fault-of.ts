/** What Postgres means by codes that whoever sets a gateway up will meet. Appendix A of its documentation. */
const MEANING: Readonly<Record<string, string>> = {
  '28P01': 'it refuses the password',
  '28000': 'it refuses the user, or asks for TLS (sslmode)',
  '3D000': 'it has no such database',
  '42501': 'the user may not do that: grant it create and usage on the schema',
  '53300': 'it has no connection left',
  '57P03': 'it is starting or stopping',
};
const MAX_LENGTH = 120;

/** An error of a database in a few words without addresses, values or credentials: a code, its meaning, or a client's own words. */
export function faultOf(error: unknown): string {
  if (!isObject(error)) return 'unknown reason';
  const { code, message, errors } = error;
  if (Array.isArray(errors) && errors.length > 0) return faultOf(errors[0]);
  if (typeof code === 'string') {
    const meaning = MEANING[code];
    return meaning === undefined ? code : `${meaning} (${code})`;
  }
  return typeof message === 'string' && message !== '' ? message.slice(0, MAX_LENGTH) : 'unknown reason';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
