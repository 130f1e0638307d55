import { must } from '#lib/assert.ts';
import { ConflictError } from '#lib/errors.ts';
import type { Tx } from '../database.ts';

export interface OpenUpload {
  readonly id: string;
  readonly wrappedKey: Buffer;
}

/**
 * The open upload of a profile, made from `make()` when there is none.
 *
 * Locks the upload row FOR KEY SHARE, which only a seal (FOR UPDATE) stands against, so the upload returned cannot be
 * sealed before this transaction ends. Errors: ConflictError while a start seals the upload.
 */
export async function openUpload(tx: Tx, profileId: string, make: () => OpenUpload): Promise<OpenUpload> {
  // Twice: a concurrent transaction may insert the open upload between the look and the insert, which then does nothing.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const found = await findOpen(tx, profileId);
    if (found !== undefined) return found;
    const { id, wrappedKey } = make();
    const inserted = await tx.query(
      `insert into upload (tenant_id, id, profile_id, wrapped_key) values (current_tenant(), $1, $2, $3)
       on conflict (tenant_id, profile_id) where state in ('open', 'sealing') do nothing
       returning id`,
      [id, profileId, wrappedKey],
    );
    if (inserted.length === 1) return { id, wrappedKey };
  }
  const found = await findOpen(tx, profileId);
  if (found === undefined) throw sealing();
  return found;
}

async function findOpen(tx: Tx, profileId: string): Promise<OpenUpload | undefined> {
  const rows = await tx
    .query<{ id: string; wrapped_key: Buffer | null }>(
      `select id, wrapped_key from upload where profile_id = $1 and state in ('open', 'sealing') for key share nowait`,
      [profileId],
    )
    .catch((error: unknown) => {
      throw isLockNotAvailable(error) ? sealing() : error;
    });
  const row = rows[0];
  return row && { id: row.id, wrappedKey: must(row.wrapped_key) };
}

function isLockNotAvailable(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '55P03';
}

function sealing(): ConflictError {
  return new ConflictError(
    'A start is taking the files of this profile right now. Ask for the uploadUrl again in a moment.',
  );
}
