import { ITSELF } from '#core/query/catalogue.ts';

import { dateText, extensionAttributes, syncSource } from './extension-attributes.ts';
import { absent, text, type View, type ViewElements } from './view.ts';

/** Graph's group of a class, with the attributes that School Data Sync wrote to it: the same classes as educationClass, under the same ids. */
export function groupsView(): View {
  return {
    typeName: 'microsoft.graph.group',
    set: 'groups',
    from: `class c
      left join org o on o.tenant_id = c.tenant_id and o.id = c.org_id
      left join course k on k.tenant_id = c.tenant_id and k.id = c.course_id
      left join academic_session s on s.tenant_id = c.tenant_id and s.id = c.academic_session_id`,
    id: 'c.id',
    condition: 'c.active',
    properties: {
      id: { type: 'guid', sql: 'c.id' },
      displayName: text('c.display_name'),
      description: text('c.description'),
      mailNickname: text('c.mail_nickname'),
      mail: absent(null),
      mailEnabled: { type: 'boolean', sql: 'true' },
      securityEnabled: { type: 'boolean', sql: 'false' },
      visibility: text(`'HiddenMembership'`),
      groupTypes: { type: 'collection', sql: `'["Unified"]'::jsonb` },
      creationOptions: { type: 'collection', sql: `'["classAssignments"]'::jsonb` },
      proxyAddresses: absent([], 'collection'),
      ...extensionAttributes({
        ObjectType: `'Section'`,
        AnchorId: `'Section_' || c.external_id`,
        SyncSource: syncSource('c.external_source'),
        SyncSource_SectionId: 'c.external_id',
        SyncSource_SchoolId: 'o.external_id',
        SectionName: 'c.external_name',
        SectionNumber: 'c.class_code',
        Period: `c.attributes ->> 'periods'`,
        Status: `coalesce(c.attributes ->> 'status', 'Active')`,
        SyncSource_TermId: 's.external_id',
        TermId: 's.external_id',
        TermName: 's.display_name',
        TermStartDate: dateText('s.start_date'),
        TermEndDate: dateText('s.end_date'),
        SyncSource_CourseId: 'k.external_id',
        CourseName: 'k.display_name',
        CourseNumber: 'k.course_number',
        CourseDescription: 'k.description',
        CourseSubject: 'k.subject',
      }),
    },
    elements: {
      groupTypes: words('Unified'),
      creationOptions: words('classAssignments'),
    },
    searched: ['displayName', 'description'],
    basic: new Set(['id', 'displayName', 'description', 'mailNickname', 'groupTypes']),
  };
}

/** A collection that every object has with the same word in it. */
function words(word: string): ViewElements {
  return {
    typeName: 'Edm.String',
    from: `(values ('${word}')) word(value)`,
    condition: 'true',
    properties: { [ITSELF]: text('word.value') },
  };
}
