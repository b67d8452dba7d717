import { Controller } from '@nestjs/common';
import { GatewayError } from '../../contract/index.js';
import { NativeHandler } from '../../routing/index.js';

/**
 * Addresses by which the gateway asks the PHP application, in signed calls that do not come this way: to clients there is nothing, and
 * never an answer of PHP's.
 */
@Controller()
export class InternalController {
  @NativeHandler('internal')
  hide(): never {
    throw new GatewayError('NOT_FOUND');
  }
}
