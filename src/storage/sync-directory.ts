import { open } from 'node:fs/promises';

/** What file systems on a network say that cannot do it, and directories that one may write into and not read. */
const NOT_POSSIBLE = new Set(['EINVAL', 'ENOTSUP', 'EBADF', 'EACCES', 'EPERM']);

/** Makes what was renamed into a directory, or linked there, durable. Windows has no such call and needs none: NTFS journals its directories. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!NOT_POSSIBLE.has(String((error as NodeJS.ErrnoException).code))) throw error;
  }
}
