import { open } from 'node:fs/promises';

/** What file systems on a network say that cannot do it. */
const NOT_KNOWN = new Set(['EINVAL', 'ENOTSUP', 'EBADF']);

/** Makes what was renamed into a directory, or linked there, durable. Windows has no such call and needs none: NTFS journals its directories. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } catch (error) {
    if (!NOT_KNOWN.has(String((error as NodeJS.ErrnoException).code))) throw error;
  } finally {
    await handle.close();
  }
}
