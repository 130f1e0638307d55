import type { Caller } from '#core/permissions.ts';
import { OperationalError } from '#lib/errors.ts';
import type { SecretBox } from '#lib/secret-box.ts';
import type { System } from '#lib/system.ts';
import { inTenant, type Database, type Tx } from '#storage/database.ts';
import { nextChangeSeq } from '#storage/directory/next-change-seq.ts';
import { recordHandEdits, type HandEditEntry } from '#storage/directory/record-hand-edits.ts';

export interface DirectoryContext {
  readonly db: Database;
  readonly system: Pick<System, 'newId'>;
  readonly secretBox: Pick<SecretBox, 'seal'>;
}

/** Who edits, for the history. */
export type HandEditor = Pick<Caller, 'tenantId' | 'applicationId' | 'person'>;

export interface HandEdit {
  readonly tx: Tx;
  readonly changeSeq: number;
  /** Keeps what was done to an object for the history; written with the edit, or not at all. */
  record(this: void, entry: HandEditEntry): void;
}

/**
 * One edit by hand in one transaction. Lock order as for a batch of a sync (ADR 5): the tenant's counter before anything is read or written.
 * So what an edit has seen stays true until it commits, and edits and syncs never wait for each other in a circle.
 */
export async function editByHand<T>(
  context: Pick<DirectoryContext, 'db' | 'system'>,
  editor: HandEditor,
  work: (edit: HandEdit) => Promise<T>,
): Promise<T> {
  return inTenant(context.db, editor.tenantId, async (tx) => {
    const changeSeq = await nextChangeSeq(tx);
    const entries: HandEditEntry[] = [];
    const result = await work({ tx, changeSeq, record: (entry) => void entries.push(entry) });
    const by = { applicationId: editor.applicationId, person: editor.person?.subject ?? null };
    await recordHandEdits(tx, { ...by, changeSeq, newId: context.system.newId }, entries);
    return result;
  });
}

/** In Graph's words. */
export function valueTaken(property: string): OperationalError {
  return new OperationalError(
    'Request_BadRequest',
    `Another object with the same value for property ${property} already exists.`,
  );
}
