import './dto/index.js';

export { checkQueryLength, refuseHostileBody } from './hostile-input.js';
export { InputDto, inputDtoNames } from './input-dto.js';
export { isHexColour, isPathPart, isText, trim } from './php-checks.js';
export { mediaTypeOf, valueOf } from './request-fields.js';
export { validatedDto, validateInput } from './validate-input.js';
