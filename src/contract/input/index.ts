import './dto/index.js';

export { checkQueryLength, refuseHostileBody } from './hostile-input.js';
export { InputDto, inputDtoNames } from './input-dto.js';
export { mediaTypeOf, valueOf } from './request-fields.js';
export { validatedDto, validateInput } from './validate-input.js';
