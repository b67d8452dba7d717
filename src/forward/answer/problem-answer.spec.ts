import { describe, expect, it } from '@jest/globals';
import { problemFrom } from './problem-answer.js';

const problem = (envelope: object, status: number): unknown =>
  JSON.parse(problemFrom(Buffer.from(JSON.stringify(envelope)), status, 'trace-1').toString());

describe('an error of PHP as problem details', () => {
  it('tells the same facts', () => {
    const envelope = {
      success: false,
      traceId: 'trace-1',
      error: 'Some fields are not valid.',
      errorCode: 'VALIDATION_FAILED',
      validationErrors: { message: 'is required' },
    };
    expect(problem(envelope, 422)).toEqual({
      type: 'about:blank',
      title: 'Some fields are not valid.',
      status: 422,
      success: false,
      traceId: 'trace-1',
      errorCode: 'VALIDATION_FAILED',
      validationErrors: { message: 'is required' },
    });
  });

  it.each([
    [{ error: 5, errorCode: 'MADE_UP', validationErrors: [1] }, 404, 'NOT_FOUND'],
    [{}, 500, 'INTERNAL'],
  ])('makes up for what PHP leaves out or spells its own way: %j', (envelope, status, errorCode) => {
    expect(problem(envelope, status)).toEqual({
      type: 'about:blank',
      title: expect.any(String),
      status,
      success: false,
      traceId: 'trace-1',
      errorCode,
    });
  });
});
