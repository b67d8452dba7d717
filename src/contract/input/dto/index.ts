// Loading a DTO registers it under the name that the route table uses. No DTO have: pages, whose forms PHP answers with pages;
// the Telnyx webhook, whose signed bytes a signature proves; routes that read no field.
export * from './boards.dto.js';
export * from './conversations.dto.js';
export * from './donna.dto.js';
export * from './marketing.dto.js';
export * from './settings.dto.js';
export * from './system.dto.js';
export * from './voice-event.dto.js';
export * from './voice-native.dto.js';
export * from './voice.dto.js';
