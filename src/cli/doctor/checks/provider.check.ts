import type { GatewayConfig } from '../../../config/index.js';
import { type Check, type CheckResult, fault, ok, warning } from '../check.js';
import { describeError } from '../describe-error.js';
import type { DoctorFacts } from '../doctor-facts.js';
import { showUrl } from '../redaction.js';
import { compareClocks } from './clock-skew.js';
import { httpGet, type HttpAnswer, member } from './http-get.js';

interface Provider {
  readonly name: string;
  readonly keyName: string;
  readonly baseName: string;
  /** A list of models: it costs nothing, and it asks for the key. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly hasKey: boolean;
}

/** OpenAI and ElevenLabs, where they are real: whether they can be reached and take the key. */
export function providerChecks({ config }: DoctorFacts): readonly Check[] {
  const { openai, elevenlabs } = config.providers;
  const checks: Check[] = [];
  if (openai.mode === 'real') {
    const provider = {
      name: `openai ${showUrl(openai.baseUrl)}`,
      keyName: 'OPENAI_API_KEY',
      baseName: 'OPENAI_BASE_URL',
      address: `${openai.baseUrl}/models`,
      headers: openai.apiKey === undefined ? {} : { Authorization: `Bearer ${openai.apiKey}` },
      hasKey: openai.apiKey !== undefined,
    };
    checks.push({ name: provider.name, run: (signal) => look(provider, signal, config.realtime) });
  }
  if (elevenlabs.mode === 'real') {
    const base = elevenlabs.baseUrl;
    const provider = {
      name: `elevenlabs ${showUrl(base)}`,
      keyName: 'ELEVENLABS_API_KEY',
      baseName: 'ELEVENLABS_BASE_URL',
      address: `${new URL(base).pathname === '/' ? `${base}/v1` : base}/models`,
      headers: elevenlabs.apiKey === undefined ? {} : { 'xi-api-key': elevenlabs.apiKey },
      hasKey: elevenlabs.apiKey !== undefined,
    };
    checks.push({ name: provider.name, run: (signal) => look(provider, signal) });
  }
  return checks;
}

async function* look(
  provider: Provider,
  signal: AbortSignal,
  realtime?: GatewayConfig['realtime'],
): AsyncGenerator<CheckResult> {
  const { name, address, headers, baseName } = provider;
  let answer: HttpAnswer;
  try {
    answer = await httpGet(address, { accept: 'application/json', ...headers }, signal);
  } catch (error) {
    yield fault(name, describeError(error), `let this machine reach it, or correct ${baseName}`);
    return;
  }
  yield judge(provider, answer);
  const models = member(answer.json, 'data');
  if (realtime !== undefined && answer.status === 200 && Array.isArray(models)) {
    const isKnown = models.some((model) => member(model, 'id') === realtime.model);
    if (!isKnown) {
      yield warning(
        `${name} realtime model`,
        `its list of models does not name ${realtime.model}`,
        'set OPENAI_REALTIME_MODEL to a model that the key may use',
      );
    }
  }
  const clock = compareClocks(`${name} clock`, answer.headers.date);
  if (clock !== undefined) yield clock;
}

function judge({ name, keyName, baseName, hasKey }: Provider, { status }: HttpAnswer): CheckResult {
  if (status === 200) return ok(name, hasKey ? 'takes the key' : 'answers, no key is set');
  if (status === 401 || status === 403) {
    return hasKey
      ? fault(name, `key refused (${status})`, `set ${keyName} to a key that holds, with the right to list models`)
      : fault(name, `wants a key (${status})`, `set ${keyName}`);
  }
  if (status === 429) return warning(name, 'takes the key but has no quota left (429)', 'see the plan of the account');
  if (status >= 500) return warning(name, `is in trouble itself (${status})`, 'see its status page');
  return fault(name, `GET /models answers ${status}`, `correct ${baseName}`);
}
