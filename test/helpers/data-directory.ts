import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readClusterHome } from '#storage/postgres-server/cluster-home.ts';

/** A folder for the data directories of a test, which the user that runs PostgreSQL for root can pass. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'rollbook-'));
  if (process.platform !== 'win32') await chmod(directory, 0o711);
  return directory;
}

/** Removes a data directory and its cluster, wherever that had to be. Its server must be stopped. */
export async function removeDataDirectory(dataDir: string): Promise<void> {
  const home = await readClusterHome(dataDir).catch(() => undefined);
  if (home !== undefined) await rm(home.directory, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
}
