import { OperationalError } from '#lib/errors.ts';
import type { StoreClaim } from '../file-store.ts';
import type { ObjectBucket } from './object-bucket.ts';

/** Behind the prefix. No name of an upload: those are UUIDs. */
export const MARKER = 'rollbook-installation';
const MARKER_BYTES = 200;
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/**
 * Two installations in one place would remove each other's uploads, so the first one leaves its id there. It is written and read again, since
 * not every storage can write only where nothing is: of two that come at the same moment the later one wins, and the other
 * notices at its next claim, before it removes anything.
 */
export async function claimBucket(
  bucket: ObjectBucket,
  { installationId, replaces }: StoreClaim,
): Promise<void> {
  const found = await readMarker(bucket);
  if (found === installationId) return;
  if (found !== null && found !== replaces) throw ofAnother(found);
  await bucket.putWhole(MARKER, Buffer.from(`${installationId}\n`));
  const stands = await readMarker(bucket);
  if (stands !== installationId) throw ofAnother(stands ?? 'unknown');
}

/** The id of the installation that has the place; null: nobody has claimed it. What is no id counts as somebody else's. */
export async function readMarker(bucket: ObjectBucket): Promise<string | null> {
  const parts: Uint8Array[] = [];
  try {
    const { bytes } = await bucket.fetch(MARKER, 0, MARKER_BYTES, new AbortController().signal);
    for await (const part of bytes) parts.push(part);
  } catch (error) {
    if (error instanceof OperationalError && error.code === 'UploadBytesMissing') return null;
    throw error;
  }
  return UUID.exec(Buffer.concat(parts).toString('utf8'))?.[0] ?? 'unknown';
}

function ofAnother(installationId: string): OperationalError {
  return new OperationalError(
    'StorageOfAnother',
    `The place for uploads belongs to another Rollbook (${installationId}); the two would remove each other's files. ` +
      'Use another UPLOAD_PREFIX or bucket. If that Rollbook is gone for good and this one takes its place, set ' +
      `UPLOAD_TAKE_OVER=${installationId}.`,
  );
}
