import { execFile } from 'node:child_process';
import { chown, mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { findServiceUser } from '#storage/postgres-server/service-user.ts';
import { temporaryDirectory } from './data-directory.ts';

const run = promisify(execFile);

/** Only root may mount; the runner of the tests says so when it is somebody else. */
export const MAY_MOUNT = process.platform === 'linux' && process.getuid?.() === 0;

/** A disk in memory that a test fills up. */
export interface SmallDisk {
  readonly path: string;
  /** Takes what is free but for so many bytes. */
  fill(leaveBytes?: number): Promise<void>;
  makeRoom(): Promise<void>;
  /** A folder on it that belongs to the user that runs PostgreSQL. */
  folderOfPostgres(name: string): Promise<string>;
  close(): Promise<void>;
}

export async function mountSmallDisk(mebibytes: number): Promise<SmallDisk> {
  const path = await temporaryDirectory();
  await run('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=711`, 'tmpfs', path]);
  const fillers: string[] = [];
  return {
    path,
    async fill(leaveBytes = 0) {
      const { bavail, bsize } = await statfs(path);
      const filler = join(path, `filler-${fillers.length}`);
      fillers.push(filler);
      // Whoever else writes may be faster: then it is full all the same.
      await writeFile(filler, Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes))).catch(onlyFull);
    },
    async makeRoom() {
      for (const filler of fillers.splice(0)) await rm(filler, { force: true });
    },
    async folderOfPostgres(name) {
      const folder = join(path, name);
      await mkdir(folder, { mode: 0o700 });
      const user = await findServiceUser(folder);
      if (user !== undefined) await chown(folder, user.uid, user.gid);
      return folder;
    },
    async close() {
      await run('umount', ['-l', path]);
      await rm(path, { recursive: true, force: true });
    },
  };
}

function onlyFull(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOSPC') throw error;
}
