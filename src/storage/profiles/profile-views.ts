import { PROFILE_STATES } from '#core/run/profile-state.ts';

import type { Relation } from '../views/relations.ts';
import { text, type View, type ViewProperty } from '../views/view.ts';

const complex: ViewProperty = { type: 'complex' };

/** The open errors of a profile, of errors. */
export const ERRORS_OF_PROFILE: Relation = { condition: (profile) => `e.profile_id = ${profile}` };

/** What `$filter`, `$orderby` and `$select` may name of Graph's educationSynchronizationProfile. */
export const PROFILE_VIEW: View = {
  typeName: 'microsoft.graph.educationSynchronizationProfile',
  set: 'education/synchronizationProfiles',
  from: 'profile p join tenant t on t.id = p.tenant_id',
  id: 'p.id',
  condition: `p.state <> 'deleted'`,
  basic: new Set(),
  searched: ['displayName'],
  properties: {
    id: text('p.id::text'),
    displayName: text('p.display_name'),
    state: { type: 'enum', members: PROFILE_STATES.filter((state) => state !== 'deleted'), sql: 'p.state' },
    dataProvider: complex,
    identitySynchronizationConfiguration: complex,
    licensesToAssign: { type: 'collection' },
    handleSpecialCharacterConstraint: { type: 'boolean', sql: 'p.handle_special_character_constraint' },
    expirationDate: { type: 'date', sql: 'p.expiration_date' },
  },
  // Its other one, profileStatus, is derived and no view.
  navigations: { errors: { target: () => RECORD_ERROR_VIEW, relation: ERRORS_OF_PROFILE } },
};

/** What they may name of Graph's educationSynchronizationError. */
export const RECORD_ERROR_VIEW: View = {
  typeName: 'microsoft.graph.educationSynchronizationError',
  set: 'education/synchronizationProfiles/errors',
  from: 'record_error e',
  id: 'e.id',
  condition: 'true',
  basic: new Set(),
  // The newest first, then as they stand in the files.
  order: [
    { sql: 'e.recorded_at::text', descending: true },
    { sql: `coalesce(e.file, '')`, descending: false },
    { sql: `lpad(coalesce(e.line, 0)::text, 12, '0')`, descending: false },
  ],
  searched: ['errorCode', 'errorMessage', 'joiningValue', 'reportableIdentifier'],
  properties: {
    id: text('e.id::text'),
    entryType: text('e.entry_type'),
    errorCode: text('e.error_code'),
    errorMessage: text('e.error_message'),
    joiningValue: text('e.joining_value'),
    reportableIdentifier: text('e.reportable_identifier'),
    recordedDateTime: { type: 'dateTimeOffset', sql: 'e.recorded_at' },
  },
};
