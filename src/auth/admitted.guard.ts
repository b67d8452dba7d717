import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { GatewayError } from '../contract/index.js';
import { exchangeOf } from '../trace/index.js';

/** Lets a controller be reached only by a request that has passed its route's policies in the pipeline: deny by default. */
@Injectable()
export class AdmittedGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const exchange = exchangeOf(context.switchToHttp().getRequest<IncomingMessage>());
    if (exchange?.admitted !== true) throw new GatewayError('FORBIDDEN');
    return true;
  }
}
