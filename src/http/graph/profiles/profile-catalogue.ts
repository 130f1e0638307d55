import type { Catalogue } from '#core/query/catalogue.ts';
import { PROFILE_VIEW } from '#storage/profiles/profile-views.ts';

/** What `$select` may name of Graph's educationSynchronizationProfileStatus. It is derived when it is asked for, so nothing else may. */
export const PROFILE_STATUS: Catalogue = {
  typeName: 'microsoft.graph.educationSynchronizationProfileStatus',
  properties: {
    id: { type: 'string', filterable: false },
    status: { type: 'string', filterable: false },
    lastSynchronizationDateTime: { type: 'dateTimeOffset', filterable: false },
    lastActivityDateTime: { type: 'dateTimeOffset', filterable: false },
    errorCount: { type: 'int', filterable: false },
    statusMessage: { type: 'string', filterable: false },
  },
};

/** What a query may name of a profile: what is stored of it, and its status. */
export const PROFILE: Catalogue = {
  ...PROFILE_VIEW,
  navigations: {
    ...PROFILE_VIEW.navigations,
    profileStatus: { target: () => PROFILE_STATUS, single: true, filterable: false },
  },
};
