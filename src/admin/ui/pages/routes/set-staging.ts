import type { StageView } from '../../../admin-api.js';
import { callApi } from '../../api/access.js';
import { apiUrl } from '../../api/addresses.js';

/** Overrides a route's stage. @throws ApiError */
export function setStaging(route: string, { stage, weight }: StageView, reason: string): Promise<unknown> {
  return callApi('PUT', apiUrl('stages', route), { stage, ...(weight === undefined ? {} : { weight }), reason });
}
