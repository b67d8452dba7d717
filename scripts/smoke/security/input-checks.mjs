import { describeAnswer, expectAnswer } from '../expect.mjs';
import { Failure } from '../report.mjs';

/** What does not hold is refused, field by field, before anybody acts on it. */
export function* inputChecks({ routes, native, bearer }) {
  for (const route of [...routes, native]) {
    yield {
      name: `${route.name}: fields that do not hold → 422 with validationErrors`,
      run: async () => {
        const answer = await route.send({ ...route.invalid, headers: bearer() });
        expectAnswer(answer, 422, 'VALIDATION_FAILED');
        const { validationErrors: errors } = answer.json;
        const isListed =
          typeof errors === 'object' &&
          errors !== null &&
          Object.keys(errors).length > 0 &&
          Object.values(errors).every((text) => typeof text === 'string');
        if (!isListed) throw new Failure('validationErrors {field: text}', describeAnswer(answer));
      },
    };
    yield {
      name: `${route.name}: JSON that is none → 400`,
      run: async () => {
        const answer = await route.send({ ...route.invalid, json: '{"a":', headers: bearer() });
        expectAnswer(answer, 400, 'BAD_REQUEST');
      },
    };
  }
}
