import { CONTACT_RELATIONSHIPS } from '#core/roster/records.ts';

import type { Tx } from '../database.ts';
import type { PlanScope } from './resolve-links.ts';

/**
 * Records of which a part could not be read (`incomplete`, core/roster/records.ts): nothing that the source said before is taken for gone.
 * Of contacts, those of before whose address is not named now stay; one that is named now is as it is now. In the order that the stage gives
 * them: by the bytes of their values. After the items know what the source said last.
 */
export async function resolveIncomplete(tx: Tx, { runId }: PlanScope): Promise<void> {
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
      where t.run_id = $1 and t.kind = 'student' and t.after ? 'incomplete'`,
    [runId, CONTACT_RELATIONSHIPS],
  );
}
