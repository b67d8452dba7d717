/** PHP's document is not one of its collection. The message says what is wrong with it, and holds nothing of it. */
export class MalformedDocumentError extends Error {
  override readonly name = 'MalformedDocumentError';
}
