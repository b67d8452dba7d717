import { describe, expect, it } from '@jest/globals';
import { RouteAddresses } from './route-addresses.js';

const addresses = new RouteAddresses(
  new Map([
    ['letters', '/api/letters.php'],
    ['letters.write', '/api/letters.php'],
    ['stage.set', '/admin/api/stages/{*path}'],
    ['admin', '/admin/{*path}'],
    ['home', '/'],
    ['rest', '/{*path}'],
  ]),
);

describe('addresses of routes', () => {
  it.each([
    ['letters', '/api/letters.php?id=1'],
    ['letters.write', '/api/letters.php/x/y'],
    ['letters', '/API/Letters.php'],
    ['stage.set', '/admin/api/stages/letters'],
    ['admin', '/admin'],
    ['home', '/?a=/admin/api/stages/x'],
    ['rest', '/some/page'],
    // Another address may have routes that this table has not.
    ['unknown', '/some/page'],
  ])('%s: %s', (route, target) => {
    expect(addresses.isOf(route, target)).toBe(true);
  });

  it.each([
    ['letters', '/admin/api/stages/letters'],
    ['letters', '/api/letters.phpx'],
    ['letters', '/api/letters.php/../../admin/api/stages/letters'],
    ['letters', '/api/letters.php/%2e%2e/%2e%2e/admin/api/stages/letters'],
    ['rest', '/admin/api/stages/letters'],
    ['rest', '/ADMIN/api/stages/letters'],
    ['rest', '/x/..//admin/api/stages/letters'],
    ['rest', '/index.php/admin/api/stages/letters'],
    ['admin', '/admin/api/stages/letters'],
    ['home', '/admin'],
    ['unknown', '/admin/api/stages/letters'],
    ['constructor', '/api/letters.php'],
  ])('not %s: %s', (route, target) => {
    expect(addresses.isOf(route, target)).toBe(false);
  });
});
