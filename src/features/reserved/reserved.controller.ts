import { Controller } from '@nestjs/common';
import { GatewayError } from '../../contract/index.js';
import { NativeHandler } from '../../routing/index.js';

/** Addresses of the contract whose part is not switched on in this release: the gateway's own answer, never PHP's. */
@Controller()
export class ReservedController {
  @NativeHandler('reserved')
  reserved(): never {
    throw new GatewayError('NOT_FOUND', { error: 'This address is reserved for a part that is not in this release.' });
  }
}
