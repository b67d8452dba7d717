import { createHash } from 'node:crypto';
import { failsAsAsked, openAiError } from './magic-words.js';
import { makeClientSecret } from './openai-realtime.stub.js';
import { type ProviderCall } from './provider-call.js';
import type { ClientSecrets } from './realtime/index.js';
import { countTokens, receptionistReply } from './receptionist.js';

/** Answers `/openai/v1/…` as OpenAI would. */
export async function answerOpenAi(call: ProviderCall, secrets: ClientSecrets): Promise<void> {
  const { pathname } = call.url;
  if (!/^Bearer \S+$/.test(call.header('authorization'))) {
    return call.json(401, openAiError('You didn’t provide an API key.', 'invalid_request_error', null));
  }
  if (call.method === 'POST' && pathname === '/openai/v1/chat/completions') return chat(call);
  if (call.method === 'POST' && pathname === '/openai/v1/audio/transcriptions') return transcribe(call);
  if (call.method === 'POST' && pathname === '/openai/v1/realtime/client_secrets')
    return makeClientSecret(call, secrets);
  call.json(404, openAiError(`Invalid URL (${call.method} ${pathname.slice(7)})`, 'invalid_request_error', null));
}

async function chat(call: ProviderCall): Promise<void> {
  const body = await call.jsonBody();
  const messages = body?.['messages'];
  if (body === undefined || !Array.isArray(messages) || messages.length === 0) {
    return call.json(
      400,
      openAiError('We could not parse the JSON body of your request.', 'invalid_request_error', null),
    );
  }
  const message = lastUserMessage(messages);
  if (await failsAsAsked(call, message)) return;
  const reply = receptionistReply(message);
  const prompt = countTokens(JSON.stringify(messages));
  const completion = countTokens(reply);
  const common = {
    id: `chatcmpl-${createHash('sha256').update(JSON.stringify(messages)).digest('hex').slice(0, 24)}`,
    created: Math.floor(Date.now() / 1000),
    model: typeof body['model'] === 'string' ? body['model'] : 'gpt-4o-mini',
  };
  const usage = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
  if (body['stream'] === true) return stream(call, common, reply, usage);
  const choice = {
    index: 0,
    message: { role: 'assistant', content: reply, refusal: null },
    logprobs: null,
    finish_reason: 'stop',
  };
  call.json(200, { ...common, object: 'chat.completion', choices: [choice], usage });
}

/** Server-sent events, one word each, ended by `[DONE]`. */
function stream(call: ProviderCall, common: object, reply: string, usage: object): void {
  const { response } = call;
  const send = (delta: object, finish: string | null, more: object = {}): void => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }];
    response.write(`data: ${JSON.stringify({ ...common, object: 'chat.completion.chunk', choices, ...more })}\n\n`);
  };
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  send({ role: 'assistant', content: '' }, null);
  for (const word of reply.split(/(?<= )/)) send({ content: word }, null);
  send({}, 'stop', { usage });
  response.end('data: [DONE]\n\n');
}

async function transcribe(call: ProviderCall): Promise<void> {
  const form = await call.formBody();
  const file = form?.get('file');
  if (!(file instanceof Blob) || file.size === 0) {
    return call.json(400, openAiError('file: field required', 'invalid_request_error', null));
  }
  call.json(200, { text: `This is a recording of ${file.size} bytes. I would like to book an appointment.` });
}

function lastUserMessage(messages: readonly unknown[]): string {
  for (const message of messages.toReversed()) {
    if (typeof message !== 'object' || message === null || !('role' in message) || message.role !== 'user') continue;
    if ('content' in message) return plainText(message.content);
  }
  return '';
}

/** A message's content is a text, or a list of parts of which some are text. */
function plainText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content.map((part: unknown) => (hasText(part) ? part.text : '')).join(' ');
}

function hasText(part: unknown): part is { readonly text: string } {
  return typeof part === 'object' && part !== null && 'text' in part && typeof part.text === 'string';
}
