export type { ControlEffects, EffectsSource, OwnerEffects } from './effects-source.js';
export { WriteMirror } from './write-mirror.js';
