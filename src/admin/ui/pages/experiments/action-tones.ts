import type { Tone } from '../../parts/badge.js';

export const ACTION_TONES: Readonly<Record<'promote' | 'hold' | 'roll-back', Tone>> = {
  promote: 'good',
  hold: 'warn',
  'roll-back': 'bad',
};
