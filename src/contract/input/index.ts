export { InputDto, inputDtoNames } from './input-dto.js';
export { validateInput } from './validate-input.js';
