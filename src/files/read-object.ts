import { open, type FileHandle } from 'node:fs/promises';

import { must } from '#lib/assert.ts';
import type { ByteRange } from './file-store.ts';
import { damagedObject, missingObject } from './file-store-errors.ts';
import { HEADER_BYTES, TAG_BYTES, layoutOf, parseHeader, recordCipher } from './record-cipher.ts';

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
    throw missingObject(objectName, cause);
  });
  let ahead: Promise<Buffer> | undefined;
  try {
    const header = await readExactly(handle, Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, objectName);
    const parsed = parseHeader(header);
    if ('fault' in parsed) throw damagedObject(objectName, parsed.fault);
    const { recordBytes } = parsed;
    const layout = layoutOf((await handle.stat()).size, recordBytes);
    if (layout === undefined) throw damagedObject(objectName, 'cut off');
    const { recordCount, plainBytes } = layout;

    const from = range?.start ?? 0;
    const to = range === undefined ? plainBytes : range.start + range.sizeBytes;
    if (from < 0 || to < from || to > plainBytes) throw damagedObject(objectName, 'shorter than expected');
    // Without a range the last record is always opened, an empty object's only one included: it proves the end.
    const first = Math.min(Math.floor(from / recordBytes), recordCount - 1);
    const end = range === undefined ? recordCount : Math.max(Math.ceil(to / recordBytes), first);

    const cipher = recordCipher(key, header, objectName);
    const stride = recordBytes + TAG_BYTES;
    const size = Math.min(stride, plainBytes + TAG_BYTES);
    const buffers = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)] as const;
    const fetch = (index: number): Promise<Buffer> => {
      const sealedBytes = Math.min(recordBytes, plainBytes - index * recordBytes) + TAG_BYTES;
      const buffer = buffers[index % 2 === 0 ? 0 : 1];
      const reading = readExactly(handle, buffer, HEADER_BYTES + index * stride, sealedBytes, objectName);
      reading.catch(() => undefined); // awaited below, or dropped when the caller stops early
      return reading;
    };

    if (first < end) ahead = fetch(first);
    for (let index = first; index < end; index += 1) {
      const sealed = await must(ahead);
      ahead = index + 1 < end ? fetch(index + 1) : undefined;
      const plain = cipher.open(index, index === recordCount - 1, sealed);
      if (plain === undefined) throw damagedObject(objectName, `record ${index} does not open`);
      const start = index * recordBytes;
      const piece = plain.subarray(Math.max(from - start, 0), Math.min(to - start, plain.length));
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
    const { bytesRead } = await handle.read(buffer, done, sizeBytes - done, position + done);
    if (bytesRead === 0) throw damagedObject(objectName, 'cut off');
    done += bytesRead;
  }
  return buffer.subarray(0, sizeBytes);
}
