import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, lstat, open, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Check, checksOf } from '#core/doctor/check.ts';
import { judgeFsync, judgeSpace } from '#core/doctor/judge-machine.ts';
import { messageOf } from '#lib/errors.ts';
import { readClusterHome } from '#storage/postgres-server/cluster-home.ts';

import type { Patient } from './examine.ts';

const { ok, warning, fault, unknown } = checksOf('disk');
const WRITES = 15;
const WRITE_BYTES = 8_192;

/** Space, rights and speed of where Rollbook writes. */
export async function examineDisk(patient: Patient): Promise<Check[]> {
  const { dataDir, settings } = patient;
  const found = await stat(dataDir).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) return notThere(dataDir, found);
  if (!found.isDirectory())
    return [fault('data directory', `${dataDir} is no folder.`, 'Name a folder with DATA_DIR.')];
  const checks = [await judgeDisk('DATA_DIR', dataDir)];
  if (settings.databaseUrl === undefined) {
    const home = await readClusterHome(dataDir).catch(() => undefined);
    if (home !== undefined && !home.cluster.startsWith(dataDir))
      checks.push(await judgeDisk('the database', home.directory));
  }
  checks.push(judgeRights(dataDir, found.mode));
  checks.push(...(await tryWrites(dataDir)));
  for (const name of ['secret.key', 'credentials.json'])
    checks.push(...(await privateFile(join(dataDir, name))));
  if (settings.watchDir !== undefined) checks.push(await watchFolder(settings.watchDir));
  return checks;
}

/** Before the first start: whether it can be made, and whether the disk that it will be on has room. */
async function notThere(dataDir: string, error: NodeJS.ErrnoException): Promise<Check[]> {
  if (error.code !== 'ENOENT')
    return [
      fault(
        'data directory',
        `${dataDir} cannot be looked at: ${messageOf(error)}.`,
        'Let the user that runs Rollbook pass the folders above it.',
      ),
    ];
  const link = await lstat(dataDir).catch(() => null);
  if (link !== null)
    return [
      fault(
        'data directory',
        `${dataDir} is a link to a place that is not there.`,
        'Mount the disk that it leads to, make the folder, or name another one with DATA_DIR.',
      ),
    ];
  let parent = dirname(dataDir);
  while ((await stat(parent).catch(() => null)) === null && parent !== dirname(parent))
    parent = dirname(parent);
  const isWritable = await access(parent, constants.W_OK).then(
    () => true,
    () => false,
  );
  const there = isWritable
    ? ok('data directory', `${dataDir} is not there yet; the first start makes it.`)
    : fault(
        'data directory',
        `${dataDir} is not there, and this user may not make it in ${parent}.`,
        'Make it and give it to the user that runs Rollbook, or name another one with DATA_DIR.',
      );
  return [there, await judgeDisk('DATA_DIR', parent)];
}

async function judgeDisk(name: string, path: string): Promise<Check> {
  const { bsize, bavail, blocks, ffree, files } = await statfs(path);
  return judgeSpace(name, {
    path,
    freeBytes: bsize * bavail,
    totalBytes: bsize * blocks,
    freeFiles: ffree,
    totalFiles: files,
  });
}

function judgeRights(dataDir: string, mode: number): Check {
  if (process.platform === 'win32')
    return unknown('rights', 'Rights of folders are not looked at on Windows.');
  const shown = (mode & 0o777).toString(8).padStart(4, '0');
  if ((mode & 0o066) === 0) return ok('rights', `${dataDir} is private (mode ${shown}).`);
  return warning(
    'rights',
    `Others may list ${dataDir} or write to it (mode ${shown}).`,
    `chmod go-rw ${dataDir}`,
  );
}

/** Small writes that the disk has to confirm, as every commit is one. */
async function tryWrites(dataDir: string): Promise<Check[]> {
  const path = join(dataDir, `.doctor-${randomBytes(6).toString('hex')}`);
  const times: number[] = [];
  try {
    const file = await open(path, 'wx', 0o600);
    try {
      for (let n = 0; n < WRITES; n++) {
        const startedMs = performance.now();
        const { bytesWritten } = await file.write(randomBytes(WRITE_BYTES));
        if (bytesWritten < WRITE_BYTES)
          throw Object.assign(new Error('only a part was written'), { code: 'ENOSPC' });
        await file.datasync();
        times.push(performance.now() - startedMs);
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    return [cannotWrite(dataDir, error)];
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
  times.sort((a, b) => a - b);
  return [
    ok('writable', `Files can be written in ${dataDir}.`),
    judgeFsync(dataDir, times[Math.floor(times.length / 2)] ?? 0),
  ];
}

function cannotWrite(dataDir: string, error: unknown): Check {
  const { code } = error as NodeJS.ErrnoException;
  const found = `Nothing can be written in ${dataDir}: ${messageOf(error)}.`;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return fault('writable', found, 'The disk, or the quota of the user, is full: make room.');
  if (code === 'EROFS')
    return fault('writable', found, 'The disk is mounted for reading alone: mount it for writing.');
  return fault(
    'writable',
    found,
    `Give the folder to the user that runs Rollbook (this one has the number ${process.getuid?.() ?? '?'}).`,
  );
}

async function privateFile(path: string): Promise<Check[]> {
  const found = await stat(path).catch(() => null);
  if (found === null || process.platform === 'win32') return [];
  if ((found.mode & 0o077) === 0) return [ok('private files', `${path} is for its owner alone.`)];
  return [fault('private files', `Others may read ${path}, which holds secrets.`, `chmod 600 ${path}`)];
}

async function watchFolder(watchDir: string): Promise<Check> {
  const may = await access(watchDir, constants.R_OK | constants.X_OK).catch((error: unknown) => error);
  if (may === undefined) return ok('watched folder', `${watchDir} can be read.`);
  return fault(
    'watched folder',
    `WATCH_DIR cannot be read: ${messageOf(may)}.`,
    'Make it, and let the user that runs Rollbook read it.',
  );
}
