import { setTimeout as wait } from 'node:timers/promises';

import { OperationalError } from '#lib/errors.ts';
import type { ByteRange } from '../file-store.ts';
import { damagedObject, storeError } from '../file-store-errors.ts';
import { planRead } from '../plan-read.ts';
import { HEADER_BYTES } from '../record-cipher.ts';
import type { ObjectBucket } from './object-bucket.ts';

/** A stream that brings nothing for so long is given up and asked for anew, from where it was. */
const IDLE_MS = 30_000;
const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 200;

/** Decrypts an object of a bucket, a piece per record: one request for the header, one for all records that are wanted. Holds one record. */
export async function* readRemote(
  bucket: ObjectBucket,
  objectName: string,
  key: Uint8Array,
  range: ByteRange | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  let sizeBytes = 0;
  const head: Uint8Array[] = [];
  for await (const chunk of steadyBytes(bucket, objectName, 0, HEADER_BYTES, (total) => (sizeBytes = total)))
    head.push(chunk);
  const plan = planRead({ objectName, header: Buffer.concat(head), sizeBytes }, key, range);
  const { first, end } = plan;
  if (first >= end) return;
  const last = plan.place(end - 1);
  const until = last.position + last.sealedBytes;
  const sealed = Buffer.allocUnsafeSlow(plan.sealedBytesAtMost);
  let index = first;
  let filled = 0;
  for await (const chunk of steadyBytes(bucket, objectName, plan.place(first).position, until)) {
    let taken = 0;
    while (taken < chunk.length && index < end) {
      const { sealedBytes } = plan.place(index);
      const piece = chunk.subarray(taken, taken + sealedBytes - filled);
      sealed.set(piece, filled);
      filled += piece.length;
      taken += piece.length;
      if (filled < sealedBytes) break;
      const plain = plan.open(index, sealed.subarray(0, sealedBytes));
      index += 1;
      filled = 0;
      if (plain.length > 0) yield plain;
    }
  }
  if (index < end) throw damagedObject(objectName, 'cut off');
}

/** The bytes from `start` to `end`, whatever happens to single requests: one that breaks in the middle is asked for again from there. */
async function* steadyBytes(
  bucket: ObjectBucket,
  objectName: string,
  start: number,
  end: number,
  onSize: (totalBytes: number) => void = () => undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  let at = start;
  let failures = 0;
  while (at < end) {
    const stop = new AbortController();
    try {
      const { totalBytes, bytes } = await bucket.fetch(objectName, at, end, stop.signal);
      onSize(totalBytes);
      const chunks = bytes[Symbol.asyncIterator]();
      for (;;) {
        const step = await inTime(chunks.next());
        if (step.done === true) break;
        at += step.value.length;
        failures = 0;
        yield step.value;
      }
      if (at >= Math.min(end, totalBytes)) return;
      throw new Error('the answer ended early');
    } catch (error) {
      // A missing object, wrong credentials: the bucket has tried already what may be tried.
      if (error instanceof OperationalError) throw error;
      failures += 1;
      if (failures >= ATTEMPTS) throw storeError('away', objectName, reasonOf(error));
      await wait(FIRST_PAUSE_MS * 2 ** failures);
    } finally {
      stop.abort();
    }
  }
}

async function inTime<T>(step: Promise<T>): Promise<T> {
  const ended = new AbortController();
  const late = wait(IDLE_MS, undefined, { signal: ended.signal }).then(
    () => Promise.reject(new Error('nothing came for half a minute')),
    () => step,
  );
  try {
    return await Promise.race([step, late]);
  } finally {
    ended.abort();
  }
}

/** A code, never the message: it may hold an address with its signature. */
function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'the connection broke';
}
