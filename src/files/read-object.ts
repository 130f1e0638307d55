import { open, type FileHandle } from 'node:fs/promises';

import { must } from '#lib/assert.ts';
import type { ByteRange } from './file-store.ts';
import { damagedObject, diskError, missingObject } from './file-store-errors.ts';
import { planRead } from './plan-read.ts';
import { HEADER_BYTES } from './record-cipher.ts';

/**
 * Decrypts the object at `path`, a piece per record. The next record is read from disk while the caller works on this
 * one; the two buffers for ciphertext are used again and again, a piece handed out is the caller's to keep.
 */
export async function* readObject(
  path: string,
  objectName: string,
  key: Uint8Array,
  range?: ByteRange,
): AsyncGenerator<Buffer, void, undefined> {
  const handle = await open(path, 'r').catch((cause: unknown) => {
    // A folder that lets nobody in, or a disk that fails, says nothing of the object: whoever leaves it out for good would lose it.
    throw (cause as NodeJS.ErrnoException).code === 'ENOENT'
      ? missingObject(objectName, cause)
      : diskError(cause);
  });
  let ahead: Promise<Buffer> | undefined;
  try {
    const header = await readExactly(handle, Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, objectName);
    const plan = planRead({ objectName, header, sizeBytes: (await handle.stat()).size }, key, range);
    const { first, end, sealedBytesAtMost } = plan;
    const buffers = [
      Buffer.allocUnsafeSlow(sealedBytesAtMost),
      Buffer.allocUnsafeSlow(sealedBytesAtMost),
    ] as const;
    const fetch = (index: number): Promise<Buffer> => {
      const { position, sealedBytes } = plan.place(index);
      const buffer = buffers[index % 2 === 0 ? 0 : 1];
      const reading = readExactly(handle, buffer, position, sealedBytes, objectName);
      reading.catch(() => undefined); // awaited below, or dropped when the caller stops early
      return reading;
    };

    if (first < end) ahead = fetch(first);
    for (let index = first; index < end; index += 1) {
      const sealed = await must(ahead);
      ahead = index + 1 < end ? fetch(index + 1) : undefined;
      const piece = plan.open(index, sealed);
      if (piece.length > 0) yield piece;
    }
  } finally {
    await ahead?.catch(() => undefined);
    await handle.close();
  }
}

async function readExactly(
  handle: FileHandle,
  buffer: Buffer,
  position: number,
  sizeBytes: number,
  objectName: string,
): Promise<Buffer> {
  let done = 0;
  while (done < sizeBytes) {
    const { bytesRead } = await handle
      .read(buffer, done, sizeBytes - done, position + done)
      .catch((error: unknown) => {
        throw diskError(error);
      });
    if (bytesRead === 0) throw damagedObject(objectName, 'cut off');
    done += bytesRead;
  }
  return buffer.subarray(0, sizeBytes);
}
