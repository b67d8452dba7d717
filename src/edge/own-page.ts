import { Header } from '@nestjs/common';
import { OWN_PAGE_DIRECTIVES } from './page-rules.js';
import { cspHeader } from './security-headers.js';

const [NAME = '', VALUE = ''] = cspHeader(OWN_PAGE_DIRECTIVES, 'enforce');

/**
 * Marks a native handler that answers an HTML page of the gateway's own: its scripts, styles and connections come from this
 * gateway, and the policy is enforced whatever `CSP_MODE` says. An error that it throws has the policy of all errors.
 */
export function OwnPage(): MethodDecorator {
  return Header(NAME, VALUE);
}
