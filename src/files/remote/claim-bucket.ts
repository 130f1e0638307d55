import { OperationalError } from '#lib/errors.ts';
import { claimPlace, idOf } from '../claim-place.ts';
import type { StoreClaim } from '../file-store.ts';
import type { ObjectBucket } from './object-bucket.ts';

/** Behind the prefix. No name of an upload: those are UUIDs. */
const MARKER = 'rollbook-installation';
const MARKER_BYTES = 200;

export async function claimBucket(bucket: ObjectBucket, claim: StoreClaim): Promise<void> {
  await claimPlace(
    { read: () => readText(bucket), write: (text) => bucket.putWhole(MARKER, Buffer.from(text)) },
    claim,
  );
}

/** The id of the installation that has the place; null: nobody has claimed it. What is no id counts as somebody else's. */
export async function readMarker(bucket: ObjectBucket): Promise<string | null> {
  return idOf(await readText(bucket));
}

async function readText(bucket: ObjectBucket): Promise<string | null> {
  const parts: Uint8Array[] = [];
  try {
    const { bytes } = await bucket.fetch(MARKER, 0, MARKER_BYTES, new AbortController().signal);
    for await (const part of bytes) parts.push(part);
  } catch (error) {
    if (error instanceof OperationalError && error.code === 'UploadBytesMissing') return null;
    throw error;
  }
  return Buffer.concat(parts).toString('utf8');
}
