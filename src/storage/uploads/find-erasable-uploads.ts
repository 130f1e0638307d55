import type { Tx } from '../database.ts';
import { RUN_OF_FILES } from '../escrow/queue-retry.ts';

export interface ErasableUpload {
  readonly tenantId: string;
  readonly uploadId: string;
}

/**
 * Uploads of all tenants whose bytes nobody needs any more, oldest first; run it as owner. Sealed that long ago, named by no run
 * that may still read them or whose files are let in, and not the last of a living profile (a reset starts from it again). Not the newest whole set of a profile
 * either, which the next delta files are merged into, nor what came after it and was not read. All uploads of a profile deleted that long ago.
 */
export async function findErasableUploads(
  tx: Tx,
  options: { readonly retentionDays: number; readonly limit: number },
): Promise<ErasableUpload[]> {
  return tx.query<ErasableUpload>(
    `select u.tenant_id as "tenantId", u.id as "uploadId"
       from upload u join profile p on p.tenant_id = u.tenant_id and p.id = u.profile_id
      where u.state <> 'erased'
        and not exists (select from run r where r.tenant_id = u.tenant_id and r.upload_id = u.id
                          and (r.state not in ('completed', 'superseded', 'cancelled', 'rejected') or r.id = ${RUN_OF_FILES}))
        and case when p.deleted_at is not null then p.deleted_at < now() - make_interval(days => $1)
            else u.state = 'sealed' and u.sealed_at < now() - make_interval(days => $1)
                 and exists (select from upload newer where newer.tenant_id = u.tenant_id and newer.profile_id = u.profile_id
                               and newer.state = 'sealed' and newer.sealed_at > u.sealed_at
                               and (newer.reading = 'whole' or u.reading in ('merged', 'refused')))
            end
      order by u.created_at limit $2`,
    [options.retentionDays, options.limit],
  );
}
