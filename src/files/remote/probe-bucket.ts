import { randomBytes, randomUUID } from 'node:crypto';

import { OperationalError } from '#lib/errors.ts';
import type { ObjectBucket } from './object-bucket.ts';

export type ProbeStep = 'write' | 'read' | 'list' | 'delete';

/** What a storage did with a small object. */
export interface BucketProbe {
  /** The first step that it refused, and its words; null: all went well. */
  readonly failed: { readonly step: ProbeStep; readonly error: OperationalError } | null;
  /** By how many seconds the clock of this machine is ahead of the storage's, at least; null: the storage did not tell. */
  readonly aheadSeconds: number | null;
}

const SIZE_BYTES = 1_024;

/** Writes an object of random bytes, reads it, finds it in the list and removes it. Nothing stays behind unless removing is what fails. */
export async function probeBucket(bucket: ObjectBucket, now: () => Date): Promise<BucketProbe> {
  const name = `rollbook-probe-${randomUUID()}`;
  const content = randomBytes(SIZE_BYTES);
  let step: ProbeStep = 'write';
  let aheadSeconds: number | null = null;
  try {
    const before = now();
    await bucket.putWhole(name, content);
    const after = now();
    step = 'read';
    const parts: Uint8Array[] = [];
    const { bytes } = await bucket.fetch(name, 0, SIZE_BYTES, new AbortController().signal);
    for await (const part of bytes) parts.push(part);
    if (!Buffer.concat(parts).equals(content)) throw wrong('it gave back other bytes than were written');
    step = 'list';
    const listed = await findListed(bucket, name);
    if (listed === null) throw wrong('what was written is not in the list');
    aheadSeconds = distance(listed, before, after);
    step = 'delete';
    await bucket.remove(name);
    return { failed: null, aheadSeconds };
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error;
    if (step === 'read' || step === 'list') await bucket.remove(name).catch(() => undefined);
    return { failed: { step, error }, aheadSeconds };
  }
}

async function findListed(bucket: ObjectBucket, name: string): Promise<Date | null> {
  for await (const { modifiedAt } of bucket.list((found) => found === name)) return modifiedAt;
  return null;
}

/** Lists give whole seconds, and the write took its time: only what lies outside of both is a difference. */
function distance(modifiedAt: Date, before: Date, after: Date): number {
  const at = modifiedAt.getTime();
  if (at + 1_000 < before.getTime()) return (before.getTime() - at - 1_000) / 1_000;
  return at > after.getTime() ? (after.getTime() - at) / 1_000 : 0;
}

function wrong(what: string): OperationalError {
  return new OperationalError(
    'StorageUnavailable',
    `The storage of uploads does not do as it should: ${what}.`,
  );
}
