import { randomBytes } from 'node:crypto';
import { link, readFile, readlink, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { OperationalError } from '#lib/errors.ts';
import { prepareDataDirectory } from './data-directory.ts';
import { isProcessAlive, processStartTime } from './process-identity.ts';
import { replaceFile } from './replace-file.ts';

/** The content of DATA_DIR/rollbook.lock: who works with this data directory, and how to reach it. */
export interface DataDirectoryLock {
  readonly pid: number;
  /** Tells the process from a later one with the same number; null where the system does not say. */
  readonly processStartTime: string | null;
  /** Host name and, in a container, its process namespace: elsewhere the pid means nothing. */
  readonly place: string;
  readonly startedAt: string;
  /** Base addresses of the HTTP server, such as `http://127.0.0.1:8080`; empty until it listens, or when there is none. */
  readonly addresses: readonly string[];
}

export interface HeldLock {
  /** Notes where the HTTP server listens. */
  update(addresses: readonly string[]): Promise<void>;
  /** Gives the data directory up. Repeated calls do nothing. */
  release(): Promise<void>;
}

const LOCK = 'rollbook.lock';
const HEARTBEAT_MS = 5000;
/** A holder whose process cannot be seen from here, and that has been silent for so long by our clock, may be gone. */
const SILENCE_MS = 30_000;
/** Its clock may be another than ours: it is gone once so many heartbeats are missing while we look. */
const MISSING_BEATS = 3;

export interface LockOptions {
  /** Told once when somebody else has the directory by now: this process was silent for too long, or its lock was removed by hand. */
  readonly onLost?: (sentence: string) => void;
  /** Tests go faster. */
  readonly heartbeatMs?: number;
}

/**
 * Takes the data directory for this process, making it when it is missing. Locks of processes that are gone are replaced. A lock file that is
 * removed while its process lives is put back.
 * Throws OperationalError `DataDirectoryInUse`.
 */
export async function acquireLock(dataDir: string, options: LockOptions = {}): Promise<HeldLock> {
  await prepareDataDirectory(dataDir);
  const path = join(dataDir, LOCK);
  let lock: DataDirectoryLock = {
    pid: process.pid,
    processStartTime: await processStartTime(process.pid),
    place: await thisPlace(),
    startedAt: new Date().toISOString(),
    addresses: [],
  };
  const heartbeatMs = options.heartbeatMs ?? HEARTBEAT_MS;
  for (let attempt = 1; !(await createLock(path, lock)); attempt += 1) {
    const holder = await readFileOfLock(path);
    if (holder !== undefined && ((await isHeld(path, holder)) || (await beats(path, holder, heartbeatMs))))
      throw inUse(dataDir, holder);
    if (attempt === 10)
      throw new OperationalError('DataDirectoryInUse', `${path} cannot be taken: remove it and start again.`);
    await removeStale(path);
  }
  let released = false;
  const beat = async (): Promise<void> => {
    const found = await readFileOfLock(path);
    if (released) return;
    const now = new Date();
    if (found === undefined) await createLock(path, lock);
    else if (isSame(found, lock)) await utimes(path, now, now);
    else {
      // Nobody keeps the lock of somebody else alive.
      clearInterval(heartbeat);
      options.onLost?.(
        `The data directory ${dataDir} was taken by ${sayHolder(found)} while this process used it: stop one of them at once.`,
      );
    }
  };
  let beating = Promise.resolve();
  const heartbeat = setInterval(() => {
    beating = beat().catch(() => undefined);
  }, heartbeatMs);
  heartbeat.unref();
  return {
    async update(addresses) {
      lock = { ...lock, addresses };
      await replaceFile(path, formatLock(lock), 0o600);
    },
    async release() {
      if (released) return;
      released = true;
      clearInterval(heartbeat);
      await beating;
      const found = await readFileOfLock(path);
      if (found !== undefined && isSame(found, lock)) await rm(path, { force: true });
    },
  };
}

/** Who holds the data directory now; undefined when nobody does. This is how the CLI finds a running server. */
export async function readLock(dataDir: string): Promise<DataDirectoryLock | undefined> {
  const path = join(dataDir, LOCK);
  const lock = await readFileOfLock(path);
  return lock !== undefined && (await isHeld(path, lock)) ? lock : undefined;
}

/** The file appears with its content, and only when there is none: a link is atomic and never replaces. */
async function createLock(path: string, lock: DataDirectoryLock): Promise<boolean> {
  const unfinished = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.new`;
  await writeFile(unfinished, formatLock(lock), { mode: 0o600 });
  try {
    await link(unfinished, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS') throw error;
    // A file system without links: the exclusive flag does it, with a moment in which the file is still empty.
    return writeFile(path, formatLock(lock), { mode: 0o600, flag: 'wx' }).then(
      () => true,
      () => false,
    );
  } finally {
    await rm(unfinished, { force: true });
  }
}

/**
 * Two that find the same stale lock must not remove each other's new one: whoever makes the second link removes, the other waits.
 */
async function removeStale(path: string): Promise<void> {
  const guard = `${path}.stale`;
  try {
    await link(path, guard);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return;
    // A remover that was killed in between leaves the guard; it holds for ten seconds.
    const found = await stat(guard).catch(() => undefined);
    if (found !== undefined && Date.now() - found.ctimeMs > 10_000) await rm(guard, { force: true });
    await new Promise((resolve) => setTimeout(resolve, 200));
    return;
  }
  try {
    const holder = await readFileOfLock(path);
    if (holder === undefined || !(await isHeld(path, holder))) await rm(path, { force: true });
  } finally {
    await rm(guard, { force: true });
  }
}

async function readFileOfLock(path: string): Promise<DataDirectoryLock | undefined> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as DataDirectoryLock;
  } catch {
    return undefined;
  }
}

async function isHeld(path: string, lock: DataDirectoryLock): Promise<boolean> {
  if (lock.place !== (await thisPlace())) {
    const found = await stat(path).catch(() => undefined);
    return found !== undefined && Math.abs(Date.now() - found.mtimeMs) < SILENCE_MS;
  }
  if (!isProcessAlive(lock.pid)) return false;
  const startTime = await processStartTime(lock.pid);
  return lock.processStartTime === null || startTime === null || startTime === lock.processStartTime;
}

/** Whether a holder elsewhere gives a sign of life while we look, whatever its clock says. */
async function beats(path: string, lock: DataDirectoryLock, heartbeatMs: number): Promise<boolean> {
  if (lock.place === (await thisPlace())) return false;
  const before = await stat(path).catch(() => undefined);
  for (let beat = 0; beat < MISSING_BEATS; beat += 1) {
    await new Promise((resolve) => setTimeout(resolve, heartbeatMs));
    const found = await stat(path).catch(() => undefined);
    if (found?.mtimeMs !== before?.mtimeMs) return found !== undefined;
  }
  return false;
}

function isSame(one: DataDirectoryLock, other: DataDirectoryLock): boolean {
  return one.pid === other.pid && one.startedAt === other.startedAt && one.place === other.place;
}

function inUse(dataDir: string, holder: DataDirectoryLock): OperationalError {
  return new OperationalError(
    'DataDirectoryInUse',
    `Another Rollbook (${sayHolder(holder)}) works with the data directory ${dataDir}. ` +
      'Use that one, or stop it first, or give this one another DATA_DIR.',
  );
}

function sayHolder({ pid, place, addresses, startedAt }: DataDirectoryLock): string {
  const where = addresses.length === 0 ? '' : `, at ${addresses.join(' and ')}`;
  return `process ${pid} on ${place.split(' ')[0]}${where}, since ${startedAt}`;
}

function formatLock(lock: DataDirectoryLock): string {
  return `${JSON.stringify(lock, null, 2)}\n`;
}

async function thisPlace(): Promise<string> {
  const namespace = await readlink('/proc/self/ns/pid').catch(() => '');
  return `${hostname()} ${namespace}`.trim();
}
