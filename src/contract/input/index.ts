import './dto/index.js';

export { describeInput } from './describe-input.js';
export { checkQueryLength, refuseHostileBody } from './hostile-input.js';
export { InputDto, inputDtoNames } from './input-dto.js';
export type { FieldDescription, JsonSchema } from './json-schema.js';
export { isHexColour, isPathPart, isText, trim } from './php-checks.js';
export { valueOf } from './request-fields.js';
export { validatedDto, validateInput } from './validate-input.js';
