import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { csvFiles, type SmallRoster } from './small-roster.ts';

/** A folder on disk with roster files, as an administrator has one. */
export interface TestFolder {
  readonly path: string;
  /** Replaces the files: a roster, or contents by file name. */
  write(roster: SmallRoster | Readonly<Record<string, string | Uint8Array>>): Promise<void>;
  remove(): Promise<void>;
}

export async function testFolder(name: string): Promise<TestFolder> {
  const parent = await mkdtemp(join(tmpdir(), 'rollbook-folder-'));
  const path = join(parent, name);
  return {
    path,
    async write(roster) {
      const files = isRoster(roster) ? csvFiles(roster) : roster;
      await rm(path, { recursive: true, force: true });
      await mkdir(path);
      for (const [file, text] of Object.entries(files)) await writeFile(join(path, file), text);
    },
    remove: () => rm(parent, { recursive: true, force: true }),
  };
}

function isRoster(
  roster: SmallRoster | Readonly<Record<string, string | Uint8Array>>,
): roster is SmallRoster {
  return Array.isArray((roster as SmallRoster).school);
}
