import { Injectable } from '@nestjs/common';

/** How far the process is on its way out. `finishing`: no new connections; `refusing`: no new requests either. */
@Injectable()
export class DrainState {
  phase: 'serving' | 'finishing' | 'refusing' = 'serving';
}
