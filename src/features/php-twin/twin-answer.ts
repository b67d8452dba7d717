import type { IncomingMessage, ServerResponse } from 'node:http';
import { GatewayError } from '../../contract/index.js';
import type { OwnerAccess } from '../../replication/index.js';
import { type Exchange, exchangeOf } from '../../trace/index.js';
import type { PhpNode } from './php-node.js';
import { writePhpJson } from './php-json-writer.js';

/** What a native twin has to say. */
export interface TwinAnswer {
  /** 200 when left out. */
  readonly status?: number;
  /** Members beside the envelope, in PHP's order. */
  readonly fields: readonly (readonly [name: string, value: PhpNode])[];
}

/**
 * Answers as legacy-php's `ApiResponder::jsonSuccess` does, byte for byte: the envelope, then the fields in their order. Past
 * Nest, whose JSON knows neither 1.0 nor 64-bit integers, nor names that are numbers in their order.
 * @throws what `work` throws
 */
export async function answerTwin(
  req: IncomingMessage,
  work: (exchange: Exchange, access: OwnerAccess) => Promise<TwinAnswer>,
): Promise<void> {
  const exchange = exchangeOf(req);
  // A twin's data has an owner: a route that lets anybody in is a fault of the route table.
  if (exchange?.identity === undefined) throw new GatewayError('INTERNAL');
  const { traceId, identity, res } = exchange;
  const { status = 200, fields } = await work(exchange, { subject: identity.subject, traceId });
  send(res, status, writePhpJson(new Map<string, PhpNode>([['success', true], ['traceId', traceId], ...fields])));
}

function send(res: ServerResponse, status: number, json: string): void {
  const body = Buffer.from(json);
  res.statusCode = status;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Cache-Control', 'no-store');
  res.setHeader('Content-Length', String(body.byteLength));
  res.end(res.req.method === 'HEAD' ? undefined : body);
}
