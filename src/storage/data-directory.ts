import { chmod, mkdir, readdir, stat } from 'node:fs/promises';

/**
 * Makes the data directory where it is missing. Its files are private one by one; for root the directory itself lets others
 * pass (not look), so that the unprivileged user who runs PostgreSQL reaches its own folder in it.
 */
export async function prepareDataDirectory(dataDir: string): Promise<void> {
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  const made = await mkdir(dataDir, { recursive: true, mode });
  if (process.platform === 'win32') return;
  if (made === undefined) {
    // It was there. While it is still empty and ours, it is ours to set up; later its mode is its owner's affair.
    const found = await stat(dataDir);
    if (found.uid !== process.getuid?.() || (await readdir(dataDir)).length > 0) return;
  }
  await chmod(dataDir, mode);
}
