import { inTenant } from '#storage/database.ts';
import { readLicenses } from '#storage/views/read-licenses.ts';

import type { Guard } from '../../auth/require-permission.ts';
import { contextUrl } from '../../odata/context-url.ts';
import type { RosterRoutes } from './roster-route.ts';

/**
 * GET /subscribedSkus: the licences that accounts have or profiles assign. Rollbook sells none: whatever is in use counts as
 * subscribed, and names and plans of products are not known.
 */
export function registerListSubscribedSkus({ scope, context, version }: RosterRoutes, mayRead: Guard): void {
  scope.get('/subscribedSkus', { onRequest: mayRead }, async (request) => {
    const { tenantId } = request.caller;
    const licenses = await inTenant(context.db, tenantId, readLicenses, { readOnly: true });
    return {
      '@odata.context': contextUrl({ baseUrl: request.baseUrl, version }, 'subscribedSkus'),
      value: licenses.map(({ skuId, accounts }) => ({
        id: `${tenantId}_${skuId}`,
        skuId,
        skuPartNumber: null,
        appliesTo: 'User',
        capabilityStatus: 'Enabled',
        consumedUnits: accounts,
        prepaidUnits: { enabled: accounts, suspended: 0, warning: 0 },
        servicePlans: [],
      })),
    };
  });
}
