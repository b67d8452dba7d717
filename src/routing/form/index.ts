export type { FieldValue } from './field-value.js';
export { readJsonBody, readJsonValue } from './json.js';
export { readMultipartValue } from './multipart.js';
export { type MultipartFields, readMultipartTree, UploadedFile } from './multipart-tree.js';
export { phpFieldName } from './php-name.js';
export { emptyRecord, isRecord, namesInOrder, type PhpRecord, type PhpValue, type Reading } from './php-value.js';
export { hasTooManyFields, readFormTree, readFormValue, readQueryTree, readQueryValue } from './url-encoded.js';
