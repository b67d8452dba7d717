import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException, Inject } from '@nestjs/common';
import type { IncomingMessage } from 'node:http';
import { reportError } from '../errors/index.js';
import { classAndPlace } from '../privacy/index.js';
import { type Exchange, exchangeOf, LOGGER, type Logger } from '../trace/index.js';
import { answerWithError } from './error-answer.js';
import { codeForStatus, GatewayError } from './error-catalogue.js';

/** The one place where whatever a native handler throws becomes the error envelope. */
@Catch()
export class ExceptionEnvelopeFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const req = host.switchToHttp().getRequest<IncomingMessage>();
    const exchange = exchangeOf(req);
    if (exchange === undefined) {
      req.socket.destroy();
      return;
    }
    const error = toGatewayError(thrown, exchange.traceId, this.logger, exchange);
    const { standIn, res } = exchange;
    // A 404 or a 422 is what the handler has to say; and what has begun to be said is never said by somebody else.
    if (standIn === undefined || error.status < 500 || res.headersSent || res.destroyed) {
      answerWithError(exchange, error);
      return;
    }
    exchange.standIn = undefined;
    standIn(error.code).catch((failure: unknown) =>
      answerWithError(exchange, toGatewayError(failure, exchange.traceId, this.logger, exchange)),
    );
  }
}

/** Maps anything thrown to the catalogue. What is unexpected is logged by its class and place, reported, and answered as INTERNAL. */
export function toGatewayError(
  thrown: unknown,
  traceId: string,
  logger: Logger,
  exchange?: Pick<Exchange, 'route'>,
): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  // Only the status is taken: Nest's own texts may quote the request (`Cannot GET /...`).
  if (thrown instanceof HttpException && thrown.getStatus() < 500)
    return new GatewayError(codeForStatus(thrown.getStatus()));
  logger.error({ traceId, fault: classAndPlace(thrown) }, 'unexpected error');
  const { name: route, stage } = exchange?.route ?? {};
  reportError(logger, thrown, { kind: 'unexpected', traceId, route, stage });
  return new GatewayError('INTERNAL');
}
