import { IDENTITY_HEADER, signIdentity } from '../../../auth/index.js';
import type { UpstreamSettings } from '../../../routing/index.js';
import { type Check, type CheckResult, fault, ok, warning } from '../check.js';
import { describeError } from '../describe-error.js';
import type { DoctorFacts } from '../doctor-facts.js';
import { showUrl } from '../redaction.js';
import { compareClocks } from './clock-skew.js';
import { endpointOf, findConnection, isLoopback, judgeCertificate, openTls } from './connection.js';
import { httpGet } from './http-get.js';
import { askForSessions } from './php-session-questions.js';
import { upstreamsOf } from './route-table.check.js';

const WHOSE = 'REMOTE_PHP_BASE';

/** Each address of PHP: whether the gateway gets through to it, and whether it knows the gateway from everybody else. */
export function phpTargetChecks(facts: DoctorFacts): readonly Check[] {
  const upstreams = upstreamsOf(facts);
  return facts.config.php.targets.map((target) => ({
    name: nameOf(target),
    run: (signal) =>
      lookAt(
        target,
        upstreams.find(({ targets }) => targets.includes(target)),
        facts,
        signal,
      ),
  }));
}

async function* lookAt(
  target: string,
  upstream: UpstreamSettings | undefined,
  facts: DoctorFacts,
  signal: AbortSignal,
): AsyncGenerator<CheckResult> {
  const name = nameOf(target);
  const isTls = new URL(target).protocol === 'https:';
  const endpoint = endpointOf(target, isTls ? 443 : 80);
  if (!(yield* findConnection(name, endpoint, WHOSE, signal))) return;
  if (isTls) {
    const socket = await openTls(endpoint, signal);
    const verdict = judgeCertificate(`${name} certificate`, socket, WHOSE);
    socket.destroy();
    yield verdict;
    if (verdict.state === 'fault') return;
  } else if (!isLoopback(endpoint) && facts.config.environment === 'production') {
    yield warning(
      `${name} encryption`,
      'plain HTTP to another machine: sessions and identities can be read on the way',
      `use https:// in ${WHOSE}, or make sure that the network between is yours alone`,
    );
  }
  yield* findHealth(name, target, upstream, facts, signal);
  if (upstream?.session !== undefined) {
    yield await askForSessions(`${name} identity`, target, upstream.session.path, facts.config.identity.secret, signal);
  }
}

async function* findHealth(
  name: string,
  target: string,
  upstream: UpstreamSettings | undefined,
  { config }: DoctorFacts,
  signal: AbortSignal,
): AsyncGenerator<CheckResult> {
  const path = upstream?.health.path;
  const shown = path ?? '/';
  const plain = { accept: 'application/json, */*' };
  const htu = new URL(target + shown).pathname;
  const signed = { ...plain, [IDENTITY_HEADER]: signIdentity(config.identity.secret, 'internal', 'GET', htu) };
  const isSigned = upstream?.identity === true;
  let answer;
  let direct;
  try {
    answer = await httpGet(target + shown, isSigned ? signed : plain, signal);
    if (isSigned) direct = await httpGet(target + shown, plain, signal);
  } catch (error) {
    yield fault(`${name} health`, `GET ${shown}: ${describeError(error)}`, 'see whether a web server serves there');
    return;
  }
  const { status, httpVersion, headers } = answer;
  if (status >= 500 || (status >= 400 && path !== undefined)) {
    yield fault(
      `${name} health`,
      `GET ${shown} answers ${status}`,
      status >= 500
        ? "look into PHP's error log"
        : `correct health.path of the upstream in the route table, or the base path in ${WHOSE}`,
    );
  } else yield ok(`${name} health`, `GET ${shown} answers ${status}`);
  if (direct !== undefined && direct.status < 400 && !isLoopback(endpointOf(target, 80))) {
    yield warning(
      `${name} direct calls`,
      'PHP answers whoever reaches it past the gateway',
      'set REQUIRE_GATEWAY=true for PHP, or let the network bring nobody but the gateway to it',
    );
  }
  if (httpVersion !== '1.1') {
    yield warning(
      `${name} protocol`,
      `answers with HTTP/${httpVersion}`,
      'let its web server speak HTTP/1.1: without kept connections each request opens one',
    );
  }
  const clock = compareClocks(`${name} clock`, headers.date);
  if (clock !== undefined) yield clock;
}

function nameOf(target: string): string {
  return `php ${showUrl(target)}`;
}
