import { describe, expect, it } from '@jest/globals';
import { type AnswerHeaderContext, transformAnswerHeaders } from './answer-headers.js';

const context: AnswerHeaderContext = {
  replacesCors: true,
  gatewayOnly: new Set(['x-frame-options', 'content-security-policy']),
  upstreams: [{ host: 'php.internal', basePath: '' }],
  upstreamHosts: new Set(['php.internal']),
  publicAuthority: 'donna.example',
  publicProtocol: 'https',
  upstreamIsSecure: false,
  upstreamBasePath: '',
};
/** What the transform adds: the gateway's answers depend on the Origin. */
const VIA = ['Vary', 'Origin', 'Via', '1.1 donna-gateway'];

describe('transformAnswerHeaders', () => {
  it('keeps order, spelling and every value of what PHP said', () => {
    const raw = [
      'X-One',
      '1',
      'Set-Cookie',
      'a=1; Expires=Wed, 09 Jun 2038 10:18:14 GMT',
      'x-ONE',
      '',
      'Set-Cookie',
      'b=2',
    ];
    expect(transformAnswerHeaders(raw, context).headers).toEqual([...raw, ...VIA]);
  });

  it('hides the software and ends what is for this hop only', () => {
    const raw = [
      'Server',
      'Apache/2.2 (php01)',
      'Alt-Svc',
      'h3=":443"',
      'Authorization',
      'Bearer of-php',
      'X-Powered-By',
      'PHP/5.6',
      'Host',
      'php.internal',
      'Connection',
      'close, X-Hop',
    ]
      .concat([
        'X-Hop',
        '1',
        'Keep-Alive',
        'timeout=5',
        'Transfer-Encoding',
        'chunked',
        'Upgrade',
        'h2c',
        'Trailer',
        'X',
      ])
      .concat(['X-Trace-Id', 'forged', 'X-Gateway-Identity', 'leak', 'X-Kept', '1']);
    expect(transformAnswerHeaders(raw, context).headers).toEqual(['X-Kept', '1', ...VIA]);
  });

  it('keeps the Date of the origin, which caches reckon by', () => {
    const date = ['Date', 'Mon, 23 Nov 2026 04:18:47 GMT'];
    expect(transformAnswerHeaders(date, context).headers).toEqual([...date, ...VIA]);
  });

  it('drops PHP’s CORS and security headers where the gateway sets its own, and only there', () => {
    const raw = [
      'Access-Control-Allow-Origin',
      '*',
      'ACCESS-CONTROL-Max-Age',
      '1',
      'X-Frame-Options',
      'DENY',
      'x-other',
      '1',
    ];
    expect(transformAnswerHeaders(raw, context).headers).toEqual(['x-other', '1', ...VIA]);
    const left = transformAnswerHeaders(raw, { ...context, replacesCors: false, gatewayOnly: new Set() });
    expect(left.headers).toEqual([...raw, 'Via', '1.1 donna-gateway']);
  });

  it.each([
    [['Accept-Encoding, origin'], 'Origin, Accept-Encoding'],
    [['Accept-Encoding', ' Cookie ,,accept-encoding'], 'Origin, Accept-Encoding, Cookie'],
    [['Origin'], 'Origin'],
    [[''], 'Origin'],
    [['Cookie', '*'], '*'],
  ])('joins PHP’s Vary %j with the gateway’s', (values, joined) => {
    const raw = values.flatMap((value) => ['vary', value]);
    expect(transformAnswerHeaders(raw, context).headers).toEqual(['Vary', joined, 'Via', '1.1 donna-gateway']);
    const { headers } = transformAnswerHeaders(raw, { ...context, replacesCors: false });
    expect(headers).toEqual([...raw, 'Via', '1.1 donna-gateway']);
  });

  it('sets aside what the relay decides about', () => {
    const raw = ['CONTENT-TYPE', 'text/html', 'Content-Length', '12', 'content-encoding', 'gzip'];
    expect(transformAnswerHeaders(raw, context)).toMatchObject({
      headers: VIA,
      contentType: 'text/html',
      contentLength: 12,
      contentEncoding: 'gzip',
    });
  });

  it.each([
    [['Content-Range', 'bytes 0-1/4'], true],
    [['cOnTeNt-RaNgE', 'bytes */4'], true],
    [['Content-Ranges', 'bytes'], false],
    [['X-Content-Range', 'bytes'], false],
    [[], false],
  ])('knows a part of a whole by the name of a field: %j', (raw, isPart) => {
    expect(transformAnswerHeaders(raw, context).isPart).toBe(isPart);
  });

  it.each(['Location', 'Content-Location', 'Refresh'])('mends the address in %s', (name) => {
    const lead = name === 'Refresh' ? '0; url=' : '';
    const { headers } = transformAnswerHeaders([name, `${lead}http://php.internal/x`], context);
    expect(headers).toEqual([name, `${lead}https://donna.example/x`, ...VIA]);
  });
});
