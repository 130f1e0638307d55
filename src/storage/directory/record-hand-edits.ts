import type { Tx } from '../database.ts';

/** What one edit by hand did to one object. Never holds a password. */
export interface HandEditEntry {
  readonly kind: 'org' | 'class' | 'person' | 'role' | 'enrollment';
  readonly action: 'create' | 'update' | 'deactivate' | 'end' | 'reactivate';
  /** The org, class or person; of a membership, the person. */
  readonly objectId: string;
  /** Of a role the org, of an enrollment the class. */
  readonly otherId?: string;
  /** Properties that were changed, by path, before and after. */
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

/** Keeps edits for the history, in the transaction that made them. */
export async function recordHandEdits(
  tx: Tx,
  by: { applicationId: string; person: string | null; changeSeq: number; newId: () => string },
  entries: readonly HandEditEntry[],
): Promise<void> {
  if (entries.length === 0) return;
  await tx.query(
    `insert into hand_edit (tenant_id, id, change_seq, application_id, person, kind, action, object_id, other_id, before, after)
     select current_tenant(), e.id, $2, $3, $4, e.kind, e.action, e."objectId", e."otherId", nullif(e.before, 'null'), nullif(e.after, 'null')
       from jsonb_to_recordset($1) as e(id uuid, kind text, action text, "objectId" uuid, "otherId" uuid, before jsonb, after jsonb)`,
    [
      JSON.stringify(entries.map((entry) => ({ ...entry, id: by.newId() }))),
      by.changeSeq,
      by.applicationId,
      by.person,
    ],
  );
}
