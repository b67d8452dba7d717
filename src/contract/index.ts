export { ContractModule } from './contract.module.js';
export { discardBody } from './discard-body.js';
export {
  byteAt,
  type EnvelopeFault,
  matchesErrorWhen,
  readScalar,
  readString,
  scanDocument,
  skipBlank,
  skipBomAndBlank,
  spliceEnvelope,
  TOO_DEEP,
} from './envelope/index.js';
export { EnvelopeFields, envelopeNative } from './native-envelope.js';
export { answerWithError, errorEnvelope, problemDetails, wantsProblem } from './error-answer.js';
export { codeForStatus, ERROR_CATALOGUE, type ErrorCode, GatewayError, isErrorCode } from './error-catalogue.js';
export { toGatewayError } from './exception.filter.js';
export {
  checkQueryLength,
  describeInput,
  type FieldDescription,
  InputDto,
  inputDtoNames,
  isHexColour,
  isPathPart,
  isText,
  type JsonSchema,
  refuseHostileBody,
  trim,
  validateInput,
} from './input/index.js';
export { joinedBody } from './joined-body.js';
export { mediaTypeOf } from './media-type.js';
export { parseNativeBody } from './native-body.js';
