import { Injectable } from '@nestjs/common';
import { randomBytes } from 'node:crypto';

/** Tells this instance from others, and from itself after a new start. */
@Injectable()
export class ThisInstance {
  readonly id = randomBytes(4).toString('hex');
  /** ISO 8601, UTC. */
  readonly startedAt = new Date(performance.timeOrigin).toISOString();
}
