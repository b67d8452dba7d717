export { FieldReader } from './field-reader.js';
export { readPhpJson } from './php-json-reader.js';
export { writePhpJson } from './php-json-writer.js';
export { entriesOf, isArray, isList, phpArray, type PhpMap, type PhpNode, PhpObject } from './php-node.js';
export { readQueryFields, readSentFields, type SentFields } from './sent-fields.js';
export { answerTwin, type TwinAnswer } from './twin-answer.js';
