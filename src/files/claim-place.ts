import { OperationalError } from '#lib/errors.ts';
import type { StoreClaim } from './file-store.ts';

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** A text in the place, or beside it, that says whose it is. */
export interface ClaimedPlace {
  /** Null: there is none. */
  read(this: void): Promise<string | null>;
  write(this: void, text: string): Promise<void>;
}

/**
 * Two installations in one place would remove each other's uploads, so the first one leaves its id there. It is written and read again, since
 * not every storage can write only where nothing is: of two that come at the same moment the later one wins, and the other
 * notices at its next claim, before it removes anything.
 */
export async function claimPlace(
  place: ClaimedPlace,
  { installationId, replaces }: StoreClaim,
): Promise<void> {
  const found = idOf(await place.read());
  if (found === installationId) return;
  if (found !== null && found !== replaces) throw ofAnother(found);
  await place.write(`${installationId}\n`);
  const stands = idOf(await place.read());
  if (stands !== installationId) throw ofAnother(stands ?? 'unknown');
}

/** The id of the installation that has the place; null: nobody has claimed it. What is no id counts as somebody else's. */
export function idOf(text: string | null): string | null {
  return text === null ? null : (UUID.exec(text)?.[0] ?? 'unknown');
}

function ofAnother(installationId: string): OperationalError {
  return new OperationalError(
    'StorageOfAnother',
    `The place for uploads belongs to another Rollbook (${installationId}), that is, to another database; the two would remove each other's files. ` +
      'Use another UPLOAD_PREFIX or bucket, or another DATA_DIR where uploads are on the disk. If that Rollbook is gone for good and this one takes its place, set ' +
      `UPLOAD_TAKE_OVER=${installationId}.`,
  );
}
