import { once } from 'node:events';
import { createServer } from 'node:http';
import { answerElevenLabs } from './elevenlabs.stub.js';
import { answerOpenAi } from './openai.stub.js';
import { ProviderCall } from './provider-call.js';
import { RealtimeStub, type RealtimeStubOptions } from './realtime/index.js';
import { TelnyxStub } from './telnyx.stub.js';

export type { RealtimeStub, RealtimeStubOptions } from './realtime/index.js';

/** A running stub of the AI and voice providers. */
export interface ProviderStub {
  /** `http://127.0.0.1:PORT`; below it `/openai/v1`, `/elevenlabs/v1` and `/telnyx/v2`. */
  readonly origin: string;
  /** The WebSocket side, `ws://127.0.0.1:PORT/openai/v1/realtime`. */
  readonly realtime: RealtimeStub;
  stop(): Promise<void>;
}

/**
 * Starts a stand-in for OpenAI, ElevenLabs and Telnyx on loopback, for development and tests: nothing leaves the
 * machine, and the same request gets the same answer (a client secret aside). `port` 0 or none: any free one.
 */
export async function startProviderStub(
  options: { readonly port?: number; readonly realtime?: RealtimeStubOptions } = {},
): Promise<ProviderStub> {
  const realtime = new RealtimeStub(options.realtime);
  const telnyx = new TelnyxStub();
  const server = createServer((request, response) => {
    const call = new ProviderCall(request, response);
    const { pathname } = call.url;
    void call.answer(async () => {
      if (pathname.startsWith('/openai/')) return answerOpenAi(call, realtime.secrets);
      if (pathname.startsWith('/elevenlabs/')) return answerElevenLabs(call);
      if (pathname.startsWith('/telnyx/')) return telnyx.answer(call);
      call.json(404, { error: 'no such provider' });
    });
  });
  server.on('upgrade', (request, socket, head) => realtime.upgrade(request, socket, head));
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    realtime,
    stop: async () => {
      realtime.stop();
      server.closeAllConnections();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}
