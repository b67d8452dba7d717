import { Injectable } from '@nestjs/common';

/** How far the process is on its way out. `finishing`: no new connections; `refusing`: no new requests either. */
@Injectable()
export class DrainState {
  private current: 'serving' | 'finishing' | 'refusing' = 'serving';
  private readonly listeners: (() => void)[] = [];

  get phase(): 'serving' | 'finishing' | 'refusing' {
    return this.current;
  }

  set phase(phase: 'serving' | 'finishing' | 'refusing') {
    const isFirst = this.current === 'serving' && phase !== 'serving';
    this.current = phase;
    if (isFirst) for (const leave of this.listeners) leave();
  }

  /** Calls back when the process begins to leave: who holds answers open ends them. */
  onLeaving(leave: () => void): void {
    this.listeners.push(leave);
  }
}
