import { execFile } from 'node:child_process';
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { must } from '#lib/assert.ts';

const run = promisify(execFile);
const LIBRARY = 'libsecret-1.so.0';
const PACKAGE = 'libsecret-1-0';

/** How the real azcopy is called here. */
export interface AzCopy {
  /** Runs it to its end. Never throws for what azcopy says no to. */
  (...args: string[]): Promise<{ exitCode: number; output: string }>;
}

/** azcopy of the npm package. It wants a library that a plain Debian lacks: taken from its package, beside the system. */
export async function azCopy(): Promise<AzCopy> {
  const { AzCopyExe } = createRequire(import.meta.url)('@azure-tools/azcopy-linux') as { AzCopyExe: string };
  // The package does not say that it is a program.
  await chmod(AzCopyExe, 0o755);
  const libraries = await librariesOf(AzCopyExe);
  const home = await mkdtemp(join(tmpdir(), 'rollbook-azcopy-'));
  const env = {
    ...process.env,
    ...(libraries === undefined ? {} : { LD_LIBRARY_PATH: libraries }),
    AZCOPY_LOG_LOCATION: home,
    AZCOPY_JOB_PLAN_LOCATION: home,
    AZCOPY_DISABLE_SYSLOG: 'true',
    AZCOPY_AUTO_LOGIN_TYPE: '',
  };
  return async (...args) => {
    try {
      const { stdout, stderr } = await run(AzCopyExe, args, { env, timeout: 120_000 });
      return { exitCode: 0, output: stdout + stderr };
    } catch (error) {
      const { code, stdout = '', stderr = '' } = error as { code?: number; stdout?: string; stderr?: string };
      return { exitCode: code ?? -1, output: stdout + stderr };
    }
  };
}

/** Where the library lies; undefined: the system has it. */
async function librariesOf(executable: string): Promise<string | undefined> {
  const { stdout } = await run('ldd', [executable]);
  if (!stdout.includes('not found')) return undefined;
  const target = join(tmpdir(), `rollbook-test-libsecret-${process.getuid?.() ?? 0}`);
  const found = await findLibrary(target);
  if (found !== undefined) return found;
  const work = await mkdtemp(join(tmpdir(), 'rollbook-libsecret-'));
  try {
    await run('apt-get', ['download', PACKAGE], { cwd: work }).catch(async () => {
      await run('apt-get', ['update']);
      await run('apt-get', ['download', PACKAGE], { cwd: work });
    });
  } catch (error) {
    throw new Error(`azcopy needs ${LIBRARY}: install the package ${PACKAGE} (apt-get install ${PACKAGE})`, {
      cause: error,
    });
  }
  const [file] = (await readdir(work)).filter((name) => name.endsWith('.deb'));
  await mkdir(join(work, 'files'));
  await run('dpkg', ['-x', join(work, must(file)), join(work, 'files')]);
  // Another process may have been faster.
  await rename(join(work, 'files'), target).catch(() => undefined);
  await rm(work, { recursive: true, force: true });
  return must(await findLibrary(target), `${PACKAGE} does not hold ${LIBRARY}`);
}

async function findLibrary(directory: string): Promise<string | undefined> {
  const base = join(directory, 'usr', 'lib');
  for (const name of await readdir(base).catch(() => [])) {
    const folder = join(base, name);
    if (
      await access(join(folder, LIBRARY)).then(
        () => true,
        () => false,
      )
    )
      return folder;
  }
  return undefined;
}
