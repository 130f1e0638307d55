import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import type { FileOnDisk } from '#sources/validate.ts';

/** The files of a folder, as a check of them wants them. */
export async function filesOnDisk(folder: string): Promise<FileOnDisk[]> {
  return Promise.all(
    (await readdir(folder)).map(async (name) => {
      const path = join(folder, name);
      return { name, path, sizeBytes: (await stat(path)).size };
    }),
  );
}
