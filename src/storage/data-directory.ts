import { chmod, mkdir, readdir, stat } from 'node:fs/promises';
import { OperationalError } from '#lib/errors.ts';

/**
 * Makes the data directory where it is missing. Throws OperationalError `DataDirectoryNoFolder`. Its files are private one by one; for root the directory itself lets others
 * pass (not look), so that the unprivileged user who runs PostgreSQL reaches its own folder in it.
 */
export async function prepareDataDirectory(dataDir: string): Promise<void> {
  const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
  const made = await mkdir(dataDir, { recursive: true, mode }).catch((error: unknown) => {
    throw noFolder(dataDir, error) ?? error;
  });
  if (process.platform === 'win32') return;
  if (made === undefined) {
    // It was there. While it is still empty and ours, it is ours to set up; later its mode is its owner's affair.
    const found = await stat(dataDir);
    if (found.uid !== process.getuid?.() || (await readdir(dataDir)).length > 0) return;
  }
  await chmod(dataDir, mode);
}

/** Why no folder can be made there; null: for another reason. A link that leads nowhere is a disk that is not mounted, most often. */
function noFolder(dataDir: string, error: unknown): OperationalError | null {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EEXIST':
    case 'ENOTDIR':
      return new OperationalError(
        'DataDirectoryNoFolder',
        `The data directory ${dataDir} is a file, or in one. Name a folder with DATA_DIR or --data-dir.`,
        { cause: error },
      );
    case 'ENOENT':
      return new OperationalError(
        'DataDirectoryNoFolder',
        `The data directory ${dataDir} is a link to a place that is not there. Is its disk mounted? Else name another folder with DATA_DIR or --data-dir.`,
        { cause: error },
      );
    default:
      return null;
  }
}
