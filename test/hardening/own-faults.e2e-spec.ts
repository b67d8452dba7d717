import { Controller, Module } from '@nestjs/common';
import { describe, expect, it, jest } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { NativeHandler } from '../../src/routing/index.js';
import { hear } from '../support/raw-client.js';
import { startTestGateway } from '../support/test-gateway.js';

@Controller()
class FaultyController {
  @NativeHandler('faulty.throws')
  throws(): never {
    throw new Error('secret detail at /srv/app/secret.ts');
  }

  @NativeHandler('faulty.rejects')
  async rejects(): Promise<never> {
    await sleep(1);
    throw new TypeError('secret detail of SELECT * FROM users');
  }
}

@Module({ controllers: [FaultyController] })
class FaultyModule {}

describe('a fault of the gateway’s own', () => {
  it.each(['throws', 'rejects'])('becomes 500 INTERNAL without any detail when a handler %s', async (name) => {
    const routes = `
policies: { authorization: { public: {} } }
defaults: { authorization: public }
routes:
  faulty: { match: { path: /x }, handler: faulty.${name} }
`;
    const gateway = await startTestGateway({ routes, features: [FaultyModule] });
    const error = jest.spyOn(gateway.logger, 'error').mockImplementation(() => undefined);
    const answer = await hear(gateway.port, '/x');
    expect(answer.status).toBe(500);
    expect(JSON.parse(answer.body)).toEqual({
      success: false,
      traceId: answer.headers['x-trace-id'],
      error: expect.any(String),
      errorCode: 'INTERNAL',
    });
    expect(answer.body).not.toContain('secret');
    expect(error).toHaveBeenCalledTimes(1);
    await gateway.stop(0);
  });
});
