import { absent, text, type View } from './view.ts';

/** Graph's organization: the tenant. Its domains are those that profiles give user names in, and match with. */
export function organizationView(): View {
  return {
    typeName: 'microsoft.graph.organization',
    set: 'organization',
    from: 'tenant t',
    id: 't.id',
    condition: 'true',
    properties: {
      id: { type: 'guid', sql: 't.id' },
      displayName: text('t.name'),
      tenantType: absent('AAD'),
      createdDateTime: { type: 'dateTimeOffset', sql: 't.created_at' },
      countryLetterCode: absent(null),
      assignedPlans: absent([], 'collection'),
      verifiedDomains: { type: 'collection', sql: VERIFIED_DOMAINS },
    },
    searched: ['displayName'],
    basic: new Set(['id', 'displayName']),
  };
}

const VERIFIED_DOMAINS = `(select coalesce(jsonb_agg(jsonb_build_object('name', name, 'type', 'Managed', 'capabilities', null,
      'isDefault', place = 1, 'isInitial', place = 1) order by place), '[]'::jsonb)
  from (select name, row_number() over (order by min(created_at), name) as place
          from (select lower(coalesce(x.option ->> 'name', x.option ->> 'targetDomain')) as name, p.created_at
                  from profile p, jsonb_array_elements(coalesce(p.identity_configuration -> 'userDomains', '[]')
                         || coalesce(p.identity_configuration -> 'matchingOptions', '[]')) x(option)
                 where p.state <> 'deleted') named
         where name is not null group by name) domain)`;
