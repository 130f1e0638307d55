import { readFile, stat } from 'node:fs/promises';
import { OperationalError } from '#lib/errors.ts';
import { runProgram, type ServiceUser } from './run-program.ts';

/** PostgreSQL refuses to run as root. True when this process is root and has to find somebody else. */
export function runsAsRoot(): boolean {
  return process.getuid?.() === 0;
}

/**
 * As whom PostgreSQL runs: undefined (ourselves) unless we are root. As root: the owner of the cluster when there is one;
 * else the user rollbook, else postgres, else a system user rollbook is made, else nobody.
 * Throws OperationalError `NoServiceUser`.
 */
export async function findServiceUser(clusterDirectory: string): Promise<ServiceUser | undefined> {
  if (!runsAsRoot()) return undefined;
  const owner = await stat(clusterDirectory).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const user =
    (await lookUp('rollbook')) ??
    (await lookUp('postgres')) ??
    (await createUser()) ??
    (await lookUp('nobody'));
  if (user === undefined) {
    throw new OperationalError(
      'NoServiceUser',
      'PostgreSQL does not run as root, and there is no user rollbook, postgres or nobody to run it as. ' +
        'Make a system user "rollbook", or start Rollbook as another user, or set DATABASE_URL.',
    );
  }
  return user;
}

async function lookUp(name: string): Promise<ServiceUser | undefined> {
  for (const line of (await readFile('/etc/passwd', 'utf8').catch(() => '')).split('\n')) {
    const [found, , uid, gid] = line.split(':');
    if (found === name && Number(uid) > 0) return { uid: Number(uid), gid: Number(gid) };
  }
  // Not in the file: perhaps in a directory service, or this is macOS.
  const [uid, gid] = await Promise.all([runProgram('id', ['-u', name]), runProgram('id', ['-g', name])]);
  if (uid.exitCode !== 0 || gid.exitCode !== 0) return undefined;
  const user = { uid: Number(uid.output), gid: Number(gid.output) };
  return user.uid > 0 && user.gid >= 0 ? user : undefined;
}

async function createUser(): Promise<ServiceUser | undefined> {
  const home = '/var/lib/rollbook';
  // shadow-utils first, then the adduser of BusyBox.
  const shadow = ['--system', '--user-group', '--no-create-home', '--home-dir', home];
  const created = await runProgram('useradd', [...shadow, '--shell', '/usr/sbin/nologin', 'rollbook']);
  if (created.exitCode !== 0) {
    await runProgram('adduser', ['-S', '-D', '-H', '-h', home, '-s', '/sbin/nologin', 'rollbook']);
  }
  return lookUp('rollbook');
}
