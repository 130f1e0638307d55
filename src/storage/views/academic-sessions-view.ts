import { reference, text, type View } from './view.ts';

/** Terms and other spans of the year. One made by hand (externalSource manual) belongs to the one class whose term was edited. */
export const academicSessionsView: View = {
  typeName: 'rollbook.academicSession',
  set: 'academicSessions',
  from: 'academic_session s left join academic_session above on above.tenant_id = s.tenant_id and above.id = s.parent_id',
  id: 's.id',
  condition: 's.active',
  properties: {
    id: { type: 'guid', sql: 's.id' },
    displayName: text('s.display_name'),
    type: { type: 'enum', sql: 's.type' },
    ...reference('parent', 'above'),
    schoolYear: text('s.school_year'),
    startDate: { type: 'date', sql: 's.start_date' },
    endDate: { type: 'date', sql: 's.end_date' },
    externalId: text('s.external_id'),
    externalSource: text('s.external_source'),
    active: { type: 'boolean', sql: 's.active' },
  },
  basic: new Set(),
};
