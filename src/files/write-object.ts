import { createHash } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';

import type { WrittenObject } from './file-store.ts';
import { FileTooLargeError } from './file-store-errors.ts';
import { formatHeader, recordCipher } from './record-cipher.ts';

interface WriteOptions {
  readonly path: string;
  readonly objectName: string;
  readonly key: Uint8Array;
  readonly recordBytes: number;
  readonly salt: Uint8Array;
  readonly maxSizeBytes: number;
}

/** Encrypts the stream into a new file at `path` and syncs it. Holds one record in memory. On any error the file is removed. */
export async function writeObject(
  plain: AsyncIterable<Uint8Array>,
  options: WriteOptions,
): Promise<WrittenObject> {
  const { path, objectName, key, recordBytes, salt, maxSizeBytes } = options;
  const header = formatHeader(recordBytes, salt);
  const cipher = recordCipher(key, header, objectName);
  const sha256 = createHash('sha256');
  const md5 = createHash('md5');
  const record = Buffer.allocUnsafeSlow(recordBytes);
  let index = 0;
  let filled = 0;
  let sizeBytes = 0;

  const handle = await open(path, 'wx', 0o600);
  try {
    const writeRecord = async (last: boolean): Promise<void> => {
      const bytes = record.subarray(0, filled);
      sha256.update(bytes);
      md5.update(bytes);
      await writeAll(cipher.seal(index, last, bytes));
      index += 1;
      filled = 0;
    };
    const writeAll = async (parts: Buffer[]): Promise<void> => {
      const expected = parts.reduce((sum, part) => sum + part.length, 0);
      const { bytesWritten } = await handle.writev(parts);
      // A short write is what a full disk looks like; the rest then fails with its reason.
      if (bytesWritten < expected) await handle.writeFile(Buffer.concat(parts).subarray(bytesWritten));
    };

    await writeAll([header]);
    for await (const chunk of plain) {
      sizeBytes += chunk.byteLength;
      if (sizeBytes > maxSizeBytes) throw new FileTooLargeError(maxSizeBytes);
      let taken = 0;
      while (taken < chunk.byteLength) {
        // A full record waits until more bytes come: only then it is known not to be the last.
        if (filled === recordBytes) await writeRecord(false);
        const piece = chunk.subarray(taken, taken + recordBytes - filled);
        record.set(piece, filled);
        filled += piece.byteLength;
        taken += piece.byteLength;
      }
    }
    await writeRecord(true);
    await handle.sync();
    await handle.close();
  } catch (error) {
    await handle.close().catch(() => undefined);
    await unlink(path).catch(() => undefined);
    throw error;
  }
  return { sizeBytes, sha256: sha256.digest(), md5: md5.digest() };
}
