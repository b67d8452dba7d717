export { makeDocument } from './make-document.js';
export { OpenApiModule } from './openapi.module.js';
