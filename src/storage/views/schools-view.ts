import { IS_SCHOOL } from '../is-school.ts';
import { absent, externalSource, text, type View, type ViewVersion } from './view.ts';

/** Graph's educationSchool: orgs of type school. */
export function schoolsView(version: ViewVersion): View {
  return {
    typeName: 'microsoft.graph.educationSchool',
    set: 'education/schools',
    from: 'org o',
    id: 'o.id',
    condition: `${IS_SCHOOL} and o.active`,
    changes: {
      table: 'org o',
      changeSeq: 'o.change_seq',
      active: 'o.active',
      ofType: IS_SCHOOL,
      // A source corrects the type of an org: a school that became a district is none to its readers any more.
      wasOfType: 'o.version > 1',
    },
    properties: {
      id: { type: 'guid', sql: 'o.id' },
      displayName: text('o.display_name'),
      description: text('o.description'),
      externalSource: externalSource('o.external_source', version),
      externalSourceDetail: absent(null),
      externalId: text('o.external_id'),
      schoolNumber: text('o.school_number'),
      lowestGrade: text('o.lowest_grade'),
      highestGrade: text('o.highest_grade'),
      principalName: text('o.principal_name'),
      principalEmail: text('o.principal_email'),
      externalPrincipalId: text('o.principal_external_id'),
      phone: text('o.phone'),
      fax: text('o.fax'),
      createdBy: absent(null, 'complex'),
      address: { type: 'complex' },
      'address/street': text('o.street'),
      'address/city': text('o.city'),
      'address/state': text('o.state'),
      'address/postalCode': text('o.postal_code'),
      'address/countryOrRegion': text('o.country'),
    },
    searched: ['displayName', 'schoolNumber', 'externalId'],
    basic: new Set([
      'id',
      'displayName',
      'description',
      'externalSource',
      'externalSourceDetail',
      'externalId',
      'schoolNumber',
      'lowestGrade',
      'highestGrade',
    ]),
  };
}
