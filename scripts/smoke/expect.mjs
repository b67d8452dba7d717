import { Failure } from './report.mjs';

const MAX_SHOWN = 160;
/** What to do where an answer is meant to be so. */
const HINTS = { REALTIME_DISABLED: 'where realtime is switched off on purpose, add --without-realtime' };

/** Demands a status, and of a JSON answer the contract's envelope; with `code`, that error code. @throws Failure */
export function expectAnswer(answer, status, code) {
  const wanted = code === undefined ? String(status) : `${status} ${code}`;
  if (answer.status !== status) throw new Failure(wanted, describeAnswer(answer), HINTS[answer.json?.errorCode]);
  expectEnvelope(answer);
  if (code !== undefined && answer.json?.errorCode !== code) throw new Failure(wanted, describeAnswer(answer));
}

/** Demands `{success, traceId}`, and that the trace id is the one in `X-Trace-Id`. Contract section 1. @throws Failure */
export function expectEnvelope(answer) {
  const { json, status } = answer;
  const isGood = status >= 200 && status < 300;
  const traceId = answer.headers['x-trace-id'];
  const wanted = `an envelope {success: ${isGood}, traceId} with X-Trace-Id`;
  const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
  if (!isObject || json.success !== isGood || typeof json.traceId !== 'string' || json.traceId === '') {
    throw new Failure(wanted, describeAnswer(answer));
  }
  if (json.traceId !== traceId) throw new Failure(wanted, `traceId ${json.traceId} and X-Trace-Id ${traceId}`);
  if (!isGood && (typeof json.error !== 'string' || typeof json.errorCode !== 'string')) {
    throw new Failure('error and errorCode in the envelope', describeAnswer(answer));
  }
}

/** Demands that a header is there exactly once, and what it says. @throws Failure */
export function expectSingle(answer, name, wanted = /./) {
  const values = answer.all(name);
  if (values.length === 1 && wanted.test(values[0])) return;
  const came = values.length === 0 ? 'none' : values.map((value) => `"${value}"`).join(' and ');
  throw new Failure(`one header ${name} that matches ${wanted}`, came);
}

/** Status and the beginning of the body, for people. */
export function describeAnswer({ status, text, headers }) {
  const type = headers['content-type'] ?? 'no type';
  const shown = text.replaceAll(/\s+/g, ' ').trim();
  return `${status} (${type}) ${shown.length > MAX_SHOWN ? `${shown.slice(0, MAX_SHOWN)}…` : shown}`.trim();
}
