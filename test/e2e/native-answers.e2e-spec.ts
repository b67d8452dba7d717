import { Controller, Module, StreamableFile } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { EnvelopeFields } from '../../src/contract/index.js';
import { NativeHandler } from '../../src/routing/index.js';
import { call } from '../support/http-call.js';
import { startTestGateway, type TestGateway } from '../support/test-gateway.js';

/** More than goes out in one piece, and no JSON. */
const RECORDING = Buffer.alloc(200_000, 'ID3\u0000"success":false');

@Controller()
class AnswerController {
  @NativeHandler('answers.file')
  file(): StreamableFile {
    const options = {
      type: 'audio/mpeg',
      disposition: 'attachment; filename="call.mp3"',
      length: RECORDING.byteLength,
    };
    return new StreamableFile(Readable.from([RECORDING.subarray(0, 150_000), RECORDING.subarray(150_000)]), options);
  }

  @NativeHandler('answers.data')
  data(): readonly number[] {
    return [1, 2];
  }

  @NativeHandler('answers.fields')
  fields(): EnvelopeFields {
    return new EnvelopeFields({ calls: 2 });
  }
}

@Module({ controllers: [AnswerController] })
class AnswerModule {}

describe('what a native handler returns', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    const routes = `
policies: { authorization: { public: {} } }
defaults: { authorization: public }
routes:
  file: { match: { path: /file }, handler: answers.file }
  data: { match: { path: /data }, handler: answers.data }
  fields: { match: { path: /fields }, handler: answers.fields }
`;
    gateway = await startTestGateway({ routes, features: [AnswerModule] });
  });
  afterAll(async () => {
    await gateway.stop(0);
  });

  it('goes out as it is when it is a file', async () => {
    const answer = await fetch(`${gateway.url}/file`);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'audio/mpeg',
      'content-disposition': 'attachment; filename="call.mp3"',
      'content-length': String(RECORDING.byteLength),
      'x-content-type-options': 'nosniff',
    });
    expect(RECORDING.equals(Buffer.from(await answer.arrayBuffer()))).toBe(true);
  });

  it.each([
    ['/data', { data: [1, 2] }],
    ['/fields', { calls: 2 }],
  ])('goes out in the envelope when it is not: %s', async (path, fields) => {
    const answer = await call(gateway.url, path);
    expect(answer.json()).toEqual({ success: true, traceId: answer.headers['x-trace-id'], ...fields });
  });
});
