import { createHash } from 'node:crypto';

import type { WrittenObject } from './file-store.ts';
import { FileTooLargeError } from './file-store-errors.ts';
import { formatHeader, recordCipher } from './record-cipher.ts';

export interface SealOptions {
  readonly objectName: string;
  readonly key: Uint8Array;
  readonly recordBytes: number;
  readonly salt: Uint8Array;
  readonly maxSizeBytes: number;
}

/**
 * The encrypted object for a stream of plain bytes, in order: the header, then every record with its tag. Holds one record in memory;
 * what it has handed out is the caller's. Returns what it found out on the way. Errors: FileTooLargeError; whatever the stream throws.
 */
export async function* sealRecords(
  plain: AsyncIterable<Uint8Array>,
  options: SealOptions,
): AsyncGenerator<Buffer[], WrittenObject, undefined> {
  const { objectName, key, recordBytes, salt, maxSizeBytes } = options;
  const header = formatHeader(recordBytes, salt);
  const cipher = recordCipher(key, header, objectName);
  const sha256 = createHash('sha256');
  const md5 = createHash('md5');
  const record = Buffer.allocUnsafeSlow(recordBytes);
  let index = 0;
  let filled = 0;
  let sizeBytes = 0;
  const sealRecord = (last: boolean): Buffer[] => {
    const bytes = record.subarray(0, filled);
    sha256.update(bytes);
    md5.update(bytes);
    const sealed = cipher.seal(index, last, bytes);
    index += 1;
    filled = 0;
    return sealed;
  };

  yield [header];
  for await (const chunk of plain) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > maxSizeBytes) throw new FileTooLargeError(maxSizeBytes);
    let taken = 0;
    while (taken < chunk.byteLength) {
      // A full record waits until more bytes come: only then it is known not to be the last.
      if (filled === recordBytes) yield sealRecord(false);
      const piece = chunk.subarray(taken, taken + recordBytes - filled);
      record.set(piece, filled);
      filled += piece.byteLength;
      taken += piece.byteLength;
    }
  }
  yield sealRecord(true);
  return { sizeBytes, sha256: sha256.digest(), md5: md5.digest() };
}

/** Hands every portion to `take`, one after the other, and answers what sealRecords returned. */
export async function drainSealed(
  sealed: AsyncGenerator<Buffer[], WrittenObject, undefined>,
  take: (portion: Buffer[]) => Promise<void>,
): Promise<WrittenObject> {
  try {
    for (;;) {
      const step = await sealed.next();
      if (step.done === true) return step.value;
      await take(step.value);
    }
  } catch (error) {
    // Lets go of the stream of plain bytes.
    await sealed.throw(error).catch(() => undefined);
    throw error;
  }
}
