import { IS_SCHOOL } from '../is-school.ts';
import { extensionAttributes, syncSource } from './extension-attributes.ts';
import { absent, text, type View } from './view.ts';

/** Graph's administrativeUnit of a school, with the attributes that School Data Sync wrote to it: the same schools as educationSchool, under the same ids. */
export function administrativeUnitsView(): View {
  return {
    typeName: 'microsoft.graph.administrativeUnit',
    set: 'directory/administrativeUnits',
    from: 'org o',
    id: 'o.id',
    condition: `${IS_SCHOOL} and o.active`,
    properties: {
      id: { type: 'guid', sql: 'o.id' },
      displayName: text('o.display_name'),
      description: text('o.description'),
      visibility: absent(null),
      ...extensionAttributes({
        ObjectType: `'School'`,
        AnchorId: `'School_' || o.external_id`,
        SyncSource: syncSource('o.external_source'),
        SyncSource_SchoolId: 'o.external_id',
        SchoolNumber: 'o.school_number',
        SchoolNationalCenterForEducationStatisticsId: `o.attributes ->> 'ncesId'`,
        StateId: `o.attributes ->> 'stateId'`,
        LowestGrade: 'o.lowest_grade',
        HighestGrade: 'o.highest_grade',
        SchoolPrincipalSyncSourceId: 'o.principal_external_id',
        SchoolPrincipalName: 'o.principal_name',
        SchoolPrincipalEmail: 'o.principal_email',
        Address: 'o.street',
        City: 'o.city',
        State: 'o.state',
        Zip: 'o.postal_code',
        Country: 'o.country',
        Phone: 'o.phone',
        SchoolZone: `o.attributes ->> 'zone'`,
      }),
    },
    searched: ['displayName', 'description'],
    basic: new Set(['id', 'displayName', 'description', 'visibility']),
  };
}
