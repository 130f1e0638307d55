import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';

/** Where the server of tests that run without the runner is; one per user of the machine. */
const DIRECTORY = join(tmpdir(), `rollbook-test-${userInfo().uid}`);

/** What the keeper writes when its server is ready. */
export interface KeeperNote {
  readonly url: string;
  readonly pid: number;
}

/**
 * The address of the PostgreSQL that tests share: ROLLBOOK_TEST_DATABASE_URL (a superuser's) when it is set, else one that a keeper
 * process runs and stops when nobody has used it for a minute.
 */
export async function sharedServerUrl(): Promise<string> {
  const given = process.env['ROLLBOOK_TEST_DATABASE_URL'];
  if (given !== undefined && given !== '') return given;
  keeper ??= startKeeper(DIRECTORY);
  return (await keeper).url;
}

let keeper: Promise<KeeperNote> | undefined;

/** Uses the keeper of that directory, or starts one. */
export async function startKeeper(directory: string): Promise<KeeperNote> {
  await mkdir(directory, { recursive: true, mode: 0o711 });
  const noteFile = join(directory, 'keeper.json');
  const deadline = Date.now() + 120_000;
  let log = '';
  while (Date.now() < deadline) {
    const note = await readNote(noteFile);
    if (note !== undefined) return note;
    if (await takeTurn(join(directory, 'starting'))) {
      const logFile = await open(join(directory, 'keeper.log'), 'w');
      const keeper = fileURLToPath(new URL('./shared-server-keeper.ts', import.meta.url));
      const child = spawn(process.execPath, [keeper, directory], {
        detached: true,
        stdio: ['ignore', logFile.fd, logFile.fd],
      });
      child.unref();
      await logFile.close();
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    log = await readFile(join(directory, 'keeper.log'), 'utf8').catch(() => '');
  }
  throw new Error(`the PostgreSQL for tests did not start: ${log}`);
}

async function readNote(path: string): Promise<KeeperNote | undefined> {
  try {
    const note = JSON.parse(await readFile(path, 'utf8')) as KeeperNote;
    // Its number is no proof that it lives: ask the server.
    const client = new Client({ connectionString: note.url, connectionTimeoutMillis: 5000 });
    client.on('error', () => undefined);
    await client.connect();
    await client.end();
    return note;
  } catch {
    return undefined;
  }
}

/** One process starts the keeper, the others wait for its note; a turn that came to nothing ends after 30 seconds. */
async function takeTurn(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.close();
    return true;
  } catch {
    const file = await open(path, 'r').catch(() => undefined);
    if (file === undefined) return false;
    const { mtimeMs } = await file.stat();
    await file.close();
    if (Date.now() - mtimeMs > 30_000) await rm(path, { force: true });
    return false;
  }
}
