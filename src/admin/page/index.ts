export { PageController } from './page.controller.js';
