import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { must } from '#lib/assert.ts';
import { PACKAGE_DIR } from '#test/helpers/cli-run.ts';
import { emptyTestDatabase } from '#test/helpers/database.ts';
import { TEST_SECRET_KEY } from '#test/helpers/rollbook.ts';

const MAIN = fileURLToPath(new URL('../../src/main/launch.ts', import.meta.url));

let database: { url: string; close(): Promise<void> };
let dataDir: string;
before(async () => {
  database = await emptyTestDatabase();
  dataDir = await mkdtemp(join(tmpdir(), 'rollbook-serve-'));
});
after(async () => {
  for (const child of children) child.kill('SIGKILL');
  await database.close();
  await rm(dataDir, { recursive: true });
});

const children: ChildProcess[] = [];

/** `rollbook serve` in a process of its own. */
function serve(...flags: string[]) {
  const child = spawn(process.execPath, [MAIN, 'serve', ...flags], {
    env: {
      ...process.env,
      PORT: '0',
      HTTPS_PORT: '0',
      DATA_DIR: dataDir,
      DATABASE_URL: database.url,
      SECRET_KEY: TEST_SECRET_KEY,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text));
  const exited = once(child, 'close').then(([code]) => code as number | null);
  /** Resolves when it says where it serves. */
  const serving = async (): Promise<string> => {
    for (;;) {
      const address = /http:\/\/127\.0\.0\.1:\d+/.exec(said.out)?.[0];
      if (address !== undefined) return address;
      if (child.exitCode !== null) throw new Error(`it ended: ${said.err}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  return { child, said, exited, serving };
}

test('it serves, refuses a second one on its data directory, and ends in order on SIGTERM', async () => {
  const first = serve();
  const address = await first.serving();
  assert.equal((await fetch(`${address}/readyz`)).status, 200);
  const credentials = JSON.parse(await readFile(join(dataDir, 'credentials.json'), 'utf8')) as object;
  assert.deepEqual(Object.keys(credentials), ['tenantId', 'clientId', 'clientSecret']);

  const second = serve();
  assert.equal(await second.exited, 1);
  assert.ok(second.said.err.includes(dataDir), second.said.err);
  assert.ok(!second.said.err.includes('bug'), second.said.err);

  first.child.kill('SIGTERM');
  assert.equal(await first.exited, 0, first.said.err);
  await assert.rejects(fetch(`${address}/healthz`));
  const log = first.said.err
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { level: number });
  assert.ok(
    log.every(({ level }) => level <= 30),
    first.said.err,
  );
});

test('the next start finds everything as it was', async () => {
  const before = await readFile(join(dataDir, 'credentials.json'), 'utf8');
  const again = serve();
  await again.serving();
  assert.equal(await readFile(join(dataDir, 'credentials.json'), 'utf8'), before);
  again.child.kill('SIGINT');
  assert.equal(await again.exited, 0, again.said.err);
});

test('a Ctrl-C that comes twice, from the terminal and from npm, ends it in order', async () => {
  const twice = serve();
  await twice.serving();
  twice.child.kill('SIGINT');
  twice.child.kill('SIGTERM');
  assert.equal(await twice.exited, 0, twice.said.err);
});

test('it ends in order when nobody reads its log any more', async () => {
  const unread = serve('--log-level', 'trace');
  const address = await unread.serving();
  unread.child.stdout.destroy();
  unread.child.stderr.destroy();
  assert.equal((await fetch(`${address}/readyz`)).status, 200);
  assert.equal((await fetch(`${address}/readyz`)).status, 200);
  unread.child.kill('SIGINT');
  assert.equal(await unread.exited, 0);
});

// Every write to it fails as on a full disk.
if (process.platform === 'linux')
  test('it goes on when the disk of its log is full; a command whose answer is lost says so', async () => {
    const full = await open('/dev/full', 'w');
    const env = {
      ...process.env,
      PORT: '0',
      HTTPS_PORT: 'off',
      DATA_DIR: dataDir,
      DATABASE_URL: database.url,
    };
    const begin = (command: readonly string[], stdio: StdioOptions): ChildProcess => {
      const child = spawn(process.execPath, [MAIN, ...command], {
        env: { ...env, SECRET_KEY: TEST_SECRET_KEY, LOG_LEVEL: 'trace' },
        stdio,
      });
      children.push(child);
      return child;
    };
    const service = begin(['serve'], ['ignore', 'pipe', full.fd]);
    const [said] = (await Promise.race([
      once(must(service.stdout), 'data'),
      once(service, 'close').then(([code]) => assert.fail(`it ended with ${code}`)),
    ])) as [Buffer];
    const address = /http:\/\/127\.0\.0\.1:\d+/.exec(said.toString('utf8'))?.[0];
    for (let request = 0; request < 3; request++)
      assert.equal((await fetch(`${address}/readyz`)).status, 200);
    service.kill('SIGTERM');
    assert.deepEqual(await once(service, 'close'), [0, null]);

    const command = begin(['config', '--json'], ['ignore', full.fd, 'pipe']);
    const [words] = (await once(must(command.stderr), 'data')) as [Buffer];
    assert.match(words.toString('utf8'), /^Error: The output could not be written: ENOSPC.*Make room/);
    assert.deepEqual(await once(command, 'close'), [1, null]);
    await full.close();
  });

test('npm run dev logs slow statements, from the time on that somebody else may set', async () => {
  const { scripts } = JSON.parse(await readFile(join(PACKAGE_DIR, 'package.json'), 'utf8')) as {
    scripts: { dev: string };
  };
  const words = scripts.dev
    .replace('--watch src/main/launch.ts serve', 'src/main/launch.ts config --json')
    .split(' ');
  assert.equal(words.at(-1), '--json', scripts.dev);
  const slowOf = (env: Readonly<Record<string, string>>): string | undefined => {
    const { SLOW_STATEMENT_MS: _, ...inherited } = process.env;
    const { stdout } = spawnSync(process.execPath, words.slice(1), {
      cwd: PACKAGE_DIR,
      env: { ...inherited, ...env },
      encoding: 'utf8',
    });
    const { settings } = JSON.parse(stdout) as { settings: { name: string; value: string }[] };
    return settings.find(({ name }) => name === 'SLOW_STATEMENT_MS')?.value;
  };
  assert.equal(slowOf({}), '200');
  assert.equal(slowOf({ SLOW_STATEMENT_MS: '50' }), '50');
});

test('a wrong setting, a taken port: one clear line each', async () => {
  const wrong = serve('--log-level', 'loud');
  assert.equal(await wrong.exited, 2);
  assert.match(wrong.said.err, /--log-level is "loud" and has to be one of trace/);

  const first = serve();
  const { port } = new URL(await first.serving());
  const other = await mkdtemp(join(tmpdir(), 'rollbook-serve-'));
  const second = serve('--port', port, '--data-dir', other);
  assert.equal(await second.exited, 1);
  assert.match(second.said.err, new RegExp(`Port ${port} is in use`));
  first.child.kill('SIGTERM');
  await first.exited;
  await rm(other, { recursive: true });
});
