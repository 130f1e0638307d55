import type { System } from '#lib/system.ts';
import type { Tx } from '#storage/database.ts';
import { appendProfileEvent } from '#storage/profiles/profile-event.ts';
import { lockQuarantineState } from '#storage/profiles/quarantine.ts';

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
}
