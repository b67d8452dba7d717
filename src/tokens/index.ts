export { makeAccessToken, type TokenRequest } from './access-token.js';
