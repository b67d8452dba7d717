export type { FieldValue } from './field-value.js';
export { readJsonValue } from './json.js';
export { readMultipartValue } from './multipart.js';
export { readFormValue, readQueryValue } from './url-encoded.js';
