import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The next release of Rollbook, as far as the database can tell: this one's files and one migration more. */
export interface NewerVersion {
  /** Its src/main.ts, which starts like this one's. */
  readonly main: string;
  /** Its db/migrations. */
  readonly migrations: string;
  close(): Promise<void>;
}

/** `sql`: the migration that is new. It has a number that none of ours has. */
export async function newerVersion(sql: string): Promise<NewerVersion> {
  const directory = await mkdtemp(join(tmpdir(), 'rollbook-newer-'));
  await mkdir(join(directory, 'db'));
  for (const part of ['src', 'db/migrations', 'package.json'])
    await cp(join(ROOT, part), join(directory, part), { recursive: true });
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  await writeFile(join(directory, 'db/migrations/9000-newer.sql'), sql);
  return {
    main: join(directory, 'src/main.ts'),
    migrations: join(directory, 'db/migrations'),
    close: () => rm(directory, { recursive: true, force: true }),
  };
}
