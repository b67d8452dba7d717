import type { Exchange } from '../../trace/index.js';
import type { Served } from '../decide/evidence-log.js';

/** Milliseconds after which who leaves without an answer has waited in vain, whichever side kept it waiting. */
const IN_VAIN_MS = 1000;
/** The handler was not asked: its places are taken by calls that never ended. */
export const NOT_ASKED = 'OVERLOADED';

/**
 * Hears how a canary's answer went out. Nothing is told of a client that left early, nor of a handler that was not asked, nor
 * where PHP, asked in its stead, failed too: whatever it was, the handler alone is not to blame.
 */
export function watchServed(exchange: Exchange, arm: 'control' | 'candidate', tell: (served: Served) => void): void {
  const { res, notes } = exchange;
  const startedAt = performance.now();
  let ms: number | undefined;
  // When the answer was ready; how fast its client reads is not the answerer's affair.
  res.once('prefinish', () => (ms = performance.now() - startedAt));
  res.once('close', () => {
    const waited = performance.now() - startedAt;
    const { candidateFault } = notes;
    if (candidateFault === NOT_ASKED) {
      // Where PHP is not asked in its stead, it is the client who goes without.
      if (notes.servedBy !== 'upstream') tell({ isError: true, status: 503, ms: waited });
      return;
    }
    if (arm === 'candidate' && candidateFault !== undefined) {
      const failedToo = res.statusCode >= 500 && notes.servedBy === 'upstream';
      if (!failedToo) tell({ isError: true, status: 500, ms: ms ?? waited });
      return;
    }
    if (res.writableFinished) {
      tell({ isError: res.statusCode >= 500, status: res.statusCode, ms: ms ?? waited });
      return;
    }
    const isCut = res.headersSent && !res.writableEnded && notes.errorCode !== undefined;
    const wasInVain = !res.headersSent && waited >= IN_VAIN_MS;
    if (isCut || wasInVain) tell({ isError: true, status: 500, ms: waited });
  });
}
