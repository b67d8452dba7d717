import { describe, expect, it } from '@jest/globals';
import { MemoryState } from './memory-state.js';

describe('the state of a gateway that is alone', () => {
  it('forgets no login for a flood of idempotency keys', async () => {
    const state = new MemoryState();
    await state.set('refresh:family:1', 'somebody', 60_000);
    for (let i = 0; i < 100_001; i += 1) await state.add(`voice:once:${i}`, '', 60_000);
    expect(await state.get('refresh:family:1')).toBe('somebody');
    expect(await state.get('voice:once:0')).toBeUndefined();
  });
});
