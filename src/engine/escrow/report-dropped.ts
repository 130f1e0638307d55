import type { System } from '#lib/system.ts';
import type { Tx } from '#storage/database.ts';
import { appendProfileEvent } from '#storage/profiles/profile-event.ts';
import { lockQuarantineState } from '#storage/profiles/quarantine.ts';

import { tellOfProfile } from '../notices/tell-run.ts';

/** One event of the profile for all records that were dropped from escrow at once. The errors of the profile say which they are. */
export async function reportDropped(
  tx: Tx,
  context: { readonly system: System },
  what: {
    readonly profileId: string;
    readonly dropped: readonly { readonly code: string; readonly records: number }[];
  },
): Promise<void> {
  if (what.dropped.length === 0) return;
  const { profileState } = await lockQuarantineState(tx, what.profileId);
  await appendProfileEvent(tx, {
    profileId: what.profileId,
    id: context.system.newId(),
    event: 'recordDropped',
    state: profileState,
    actor: 'rollbook',
    detail: {
      records: what.dropped.reduce((sum, { records }) => sum + records, 0),
      byCode: Object.fromEntries(what.dropped.map(({ code, records }) => [code, records])),
    },
  });
  const records = what.dropped.reduce((sum, dropped) => sum + dropped.records, 0);
  const message = `${records} ${records === 1 ? 'record' : 'records'} could not be written for four weeks`;
  await tellOfProfile(tx, context, what.profileId, 'recordDropped', context.system.newId(), message);
}
