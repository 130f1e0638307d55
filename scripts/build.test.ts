import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { must } from '#lib/assert.ts';
import { PACKAGE_DIR } from '#test/helpers/cli-run.ts';
import { emptyTestDatabase } from '#test/helpers/database.ts';
import { TEST_SECRET_KEY } from '#test/helpers/rollbook.ts';

const run = promisify(execFile);
/** npm's own program, run by this node; `npm test` says where it is. */
const NPM = process.env['npm_execpath'];

let folder = '';
/** What npm would publish, in a folder beside the dependencies of the checkout. */
let published = '';
let files: readonly string[] = [];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rollbook-package-'));
  published = join(folder, 'package');
  await run(process.execPath, [join(PACKAGE_DIR, 'scripts', 'build.ts')]);
  files = await packedFiles();
  for (const file of files) await cp(join(PACKAGE_DIR, file), join(published, file));
  await symlink(join(PACKAGE_DIR, 'node_modules'), join(folder, 'node_modules'), 'junction');
});
after(() => rm(folder, { recursive: true, force: true }));

async function packedFiles(): Promise<string[]> {
  const pack = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const { stdout } = await (NPM === undefined
    ? run('npm', pack, { cwd: PACKAGE_DIR, shell: process.platform === 'win32' })
    : run(process.execPath, [NPM, ...pack], { cwd: PACKAGE_DIR }));
  const [manifest] = JSON.parse(stdout) as { files: { path: string }[] }[];
  return must(manifest).files.map(({ path }) => path);
}

async function rollbook(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const program = join(published, 'dist', 'main', 'launch.js');
  const { stdout, stderr } = await run(process.execPath, [program, ...args], {
    env: { ...process.env, ...env },
  });
  return stdout + stderr;
}

test('the package holds programs, migrations, examples and pages, and neither sources nor tests', () => {
  for (const wanted of [
    'dist/main/launch.js',
    'dist/sources/stage-worker.js',
    'db/migrations/0001-foundation.sql',
    'examples/contoso/School.csv',
    'docs/guide/cli.md',
    'README.md',
    'LICENSE',
  ])
    assert.ok(files.includes(wanted), wanted);
  assert.deepEqual(
    files.filter((name) => /^(?:src|test|bench|scripts|data)\/|\.ts$|\.test\./.test(name)),
    [],
  );
});

test('the package checks a folder: the whole program as JavaScript', async () => {
  const output = await rollbook(['validate', join(published, 'examples', 'contoso')]);
  assert.match(output, /A sync would take every record\./u);
});

test('the package migrates, serves and syncs; its stage runs in a thread', async () => {
  const database = await emptyTestDatabase();
  try {
    const output = await rollbook(['demo', '--no-serve'], {
      PORT: '0',
      HTTPS_PORT: '0',
      DATA_DIR: join(folder, 'data'),
      DATABASE_URL: database.url,
      SECRET_KEY: TEST_SECRET_KEY,
    });
    assert.match(output, /Status: success/u);
  } finally {
    await database.close();
  }
});
