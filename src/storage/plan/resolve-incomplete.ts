import { CONTACT_RELATIONSHIPS } from '#core/roster/records.ts';

import type { Tx } from '../database.ts';
import type { PlanScope } from './resolve-links.ts';

/**
 * Records of which a part could not be read (`incomplete`, core/roster/records.ts): nothing that the source said before is taken for gone.
 * Of contacts, those of before whose address is not named now stay; one that is named now is as it is now. In the order that the stage gives
 * them: by the bytes of their values. After the items know what the source said last.
 */
export async function resolveIncomplete(tx: Tx, { runId }: PlanScope): Promise<void> {
  // Of all else that is a value, the one of before where none could be read; of lists, all of both.
  await tx.query(
    `update plan_item t
        set after = t.after || coalesce((
              select jsonb_object_agg(p.name, case jsonb_typeof(coalesce(t.after -> p.name, t.before -> p.name))
                       when 'array' then (select coalesce(jsonb_agg(distinct v.value order by v.value), '[]')
                                            from (select jsonb_array_elements(coalesce(nullif(t.after -> p.name, 'null'), '[]')) as value
                                                  union all
                                                  select jsonb_array_elements(coalesce(nullif(t.before -> p.name, 'null'), '[]'))) v)
                       else coalesce(nullif(t.after -> p.name, 'null'), t.before -> p.name, 'null') end)
                from jsonb_array_elements_text(t.after -> 'incomplete') as p(name) where p.name <> 'contacts'), '{}')
      where t.run_id = $1 and t.kind in ('student', 'teacher') and t.after ? 'incomplete' and t.after -> 'incomplete' <> '["contacts"]'`,
    [runId],
  );
  const address = (contact: string): string => `lower(${contact} ->> 'emailAddress')`;
  await tx.query(
    `update plan_item t
        set after = (t.after - 'incomplete') || jsonb_build_object('contacts', (
              select coalesce(jsonb_agg(c.contact order by c.contact ->> 'displayName' collate "C", c.contact ->> 'emailAddress' collate "C",
                       coalesce(c.contact ->> 'mobilePhone', '') collate "C", array_position($2::text[], c.contact ->> 'relationship')), '[]')
                from (select now_named.contact from jsonb_array_elements(t.after -> 'contacts') as now_named(contact)
                      union all
                      select old.contact from jsonb_array_elements(coalesce(t.before -> 'contacts', '[]')) as old(contact)
                       where not exists (select from jsonb_array_elements(t.after -> 'contacts') as n(contact)
                                          where ${address('n.contact')} = ${address('old.contact')})) c))
      where t.run_id = $1 and t.kind in ('student', 'teacher') and t.after -> 'incomplete' ? 'contacts'`,
    [runId, CONTACT_RELATIONSHIPS],
  );
  await tx.query(
    `update plan_item t set after = t.after - 'incomplete'
      where t.run_id = $1 and t.kind in ('student', 'teacher') and t.after ? 'incomplete'`,
    [runId],
  );
}
