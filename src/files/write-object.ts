import { open, unlink } from 'node:fs/promises';

import type { WrittenObject } from './file-store.ts';
import { drainSealed, type SealOptions, sealRecords } from './seal-records.ts';

/** Encrypts the stream into a new file at `path` and syncs it. Holds one record in memory. On any error the file is removed. */
export async function writeObject(
  plain: AsyncIterable<Uint8Array>,
  options: SealOptions & { readonly path: string },
): Promise<WrittenObject> {
  const { path } = options;
  const handle = await open(path, 'wx', 0o600);
  try {
    const written = await drainSealed(sealRecords(plain, options), async (parts) => {
      const expected = parts.reduce((sum, part) => sum + part.length, 0);
      const { bytesWritten } = await handle.writev(parts);
      // A short write is what a full disk looks like; the rest then fails with its reason.
      if (bytesWritten < expected) await handle.writeFile(Buffer.concat(parts).subarray(bytesWritten));
    });
    await handle.sync();
    await handle.close();
    return written;
  } catch (error) {
    await handle.close().catch(() => undefined);
    await unlink(path).catch(() => undefined);
    throw error;
  }
}
