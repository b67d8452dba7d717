import { Inject, Injectable, Optional } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { WORKER_PLACE, type WorkerPlace } from '../workers/index.js';

/** Tells this instance from others, and from itself after a new start; where several processes serve, each is one, with its number (`1f6c22ab.2`). */
@Injectable()
export class ThisInstance {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly startedAt = new Date(performance.timeOrigin).toISOString();

  constructor(@Optional() @Inject(WORKER_PLACE) place: WorkerPlace | undefined) {
    const id = randomBytes(4).toString('hex');
    this.id = place === undefined ? id : `${id}.${place.number}`;
  }
}
