import { InvalidRequestError, NotFoundError } from '#lib/errors.ts';
import { inTenant } from '#storage/database.ts';
import {
  findNotice,
  listDeliveries as selectDeliveries,
  listNotices as selectNotices,
  type StoredDelivery,
  type StoredNotice,
} from '#storage/notices/read-notices.ts';

import { isUuid } from '../profiles/profile-context.ts';
import type { NoticeContext } from './notice-context.ts';

type ReadContext = Pick<NoticeContext, 'db'>;
const READ_ONLY = { readOnly: true } as const;

/** Notices of the tenant or of one profile, the newest first. Errors: InvalidRequestError for a profile id that is none. */
export async function listNotices(
  context: ReadContext,
  tenantId: string,
  page: { readonly profileId: string | null; readonly beforeId: string | null; readonly limit: number },
): Promise<StoredNotice[]> {
  if (page.profileId !== null && !isUuid(page.profileId))
    throw new InvalidRequestError('profileId: Give the id of a profile.', 'profileId');
  return inTenant(context.db, tenantId, (tx) => selectNotices(tx, page), READ_ONLY);
}

/** Errors: NotFoundError. */
export async function listDeliveries(
  context: ReadContext,
  tenantId: string,
  noticeId: string,
): Promise<StoredDelivery[]> {
  return inTenant(
    context.db,
    tenantId,
    async (tx) => {
      const notice = isUuid(noticeId) ? await findNotice(tx, noticeId) : null;
      if (notice === null) throw new NotFoundError(`There is no notice '${noticeId.slice(0, 64)}'.`);
      return selectDeliveries(tx, notice.id);
    },
    READ_ONLY,
  );
}
