import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import type { CliDeps } from '#cli/cli-deps.ts';
import { realSystem } from '#lib/system.ts';
import { type CliResult, type CliRunOptions, runCliHere } from '#test/helpers/cli-run.ts';
import { emptyTestDatabase } from '#test/helpers/database.ts';
import { TEST_SECRET_KEY } from '#test/helpers/rollbook.ts';

import { backupDatabase, restoreDatabase } from '../../src/main/copy-database.ts';
import { openLog } from '../../src/main/open-log.ts';
import { startRollbook } from '../../src/main/start.ts';

let dataDir = '';
let database: Awaited<ReturnType<typeof emptyTestDatabase>>;
before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'rollbook-own-'));
  database = await emptyTestDatabase();
});
after(async () => {
  await database.close();
  await rm(dataDir, { recursive: true, force: true });
});

const deps: Partial<CliDeps> = {
  startServer: ({ values }) =>
    startRollbook(values, {
      log: openLog('silent', { write: () => undefined }),
      system: realSystem,
      version: '0.0.0-test',
    }),
  backup: backupDatabase,
  restore: restoreDatabase,
};

/** As on a machine where no service runs: the command starts one, here on the PostgreSQL of the tests. */
function rollbookCli(argv: readonly string[], options: CliRunOptions = {}): Promise<CliResult> {
  const env = {
    DATA_DIR: dataDir,
    DATABASE_URL: database.url,
    SECRET_KEY: TEST_SECRET_KEY,
    HTTPS_PORT: 'off',
    ...options.env,
  };
  return runCliHere(argv, { ...options, env, deps });
}

function takePort(): Promise<{ port: number; server: Server }> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({ port: typeof address === 'object' && address !== null ? address.port : 0, server });
    });
  });
}

test('demo: syncs the example, prints what to try, serves until Ctrl-C; again: nothing has changed', async () => {
  const { port, server } = await takePort();
  try {
    for (const round of ['first', 'second']) {
      const controller = new AbortController();
      let served: Promise<number> | undefined;
      const result = await rollbookCli(['demo', '--port', String(port)], {
        interrupt: controller.signal,
        onOutput(stdout) {
          const address = /^API: +(http:\S+)$/mu.exec(stdout)?.[1];
          if (address === undefined || !stdout.includes('Ctrl-C ends it.')) return;
          served ??= fetch(`${address}/readyz`).then(({ status }) => status);
          void served.then(() => controller.abort());
        },
      });
      assert.equal(result.exitCode, 0, result.stdout + result.stderr);
      assert.equal(await served, 200);
      assert.match(
        result.stdout,
        new RegExp(`Port ${port} is in use by another program; the demo takes a free one`, 'u'),
      );
      assert.match(result.stdout, /Status: success/u);
      assert.match(result.stdout, /Credentials: +\S+credentials\.json/u);
      assert.equal(result.stdout.includes('Nothing has changed since the last sync'), round === 'second');
      assert.equal(result.stdout.match(/^ {2}curl /gmu)?.length, 3);
      const { clientSecret } = JSON.parse(await readFile(join(dataDir, 'credentials.json'), 'utf8')) as {
        clientSecret: string;
      };
      assert.equal(result.stdout.includes(clientSecret), false);
    }
  } finally {
    server.close();
  }
});

test('a command without a running service starts one for its duration', async () => {
  const status = await rollbookCli(['status']);
  assert.equal(status.exitCode, 0, status.stderr);
  assert.match(status.stdout, /Starting Rollbook on .* for this command/u);
  assert.match(status.stdout, /contoso: success/u);
  const token = await rollbookCli(['token']);
  assert.equal(token.exitCode, 7);
  assert.match(token.stderr, /No Rollbook runs on /u);
});

test('serve: one line with the addresses, an end in order; a taken port is named with its setting', async () => {
  const controller = new AbortController();
  const result = await rollbookCli(['serve', '--port', '0'], {
    interrupt: controller.signal,
    onOutput: (stdout) => {
      if (stdout.includes('Rollbook serves')) controller.abort();
    },
  });
  assert.equal(result.exitCode, 0, result.stderr);
  assert.match(result.stdout, /^Rollbook serves http:\/\/127\.0\.0\.1:\d+; data in .*\n$/u);

  const { port, server } = await takePort();
  try {
    const refused = await rollbookCli(['serve', '--port', String(port)]);
    assert.equal(refused.exitCode, 1);
    assert.match(
      refused.stderr,
      new RegExp(`Port ${port} is in use by another program. Choose another with PORT or --port`, 'u'),
    );
  } finally {
    server.close();
  }
  const nowhere = await rollbookCli(['serve', '--port', '0', '--host', '300.1.1.1']);
  assert.equal(nowhere.exitCode, 1);
  assert.match(nowhere.stderr, /300\.1\.1\.1 is no address, .*Set HOST to an address of this machine/u);
});

test('a data directory that is a file, or a link to what is not there, is named with its setting', async () => {
  const file = join(dataDir, 'file');
  const link = join(dataDir, 'link');
  await writeFile(file, '');
  await symlink(join(dataDir, 'not', 'there'), link);
  for (const [path, message] of [
    [file, /is a file, or in one\. Name a folder with DATA_DIR/u],
    [join(file, 'data'), /is a file, or in one\. Name a folder with DATA_DIR/u],
    [link, /is a link to a place that is not there\. Is its disk mounted\?/u],
  ] as const) {
    const refused = await rollbookCli(['serve', '--port', '0', '--data-dir', path]);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.stderr, message);
  }
});

test('serve at an address that is not of this machine: the setting is named', async () => {
  const refused = await rollbookCli(['serve', '--port', '0', '--host', '192.0.2.1']);
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /192\.0\.2\.1 is no address of this machine.* Set HOST to one of it/u);
});

test('a restore of a file that is not there makes no data directory and no key', async () => {
  const nowhere = join(dataDir, 'nowhere');
  const refused = await rollbookCli(['restore', join(dataDir, 'none.backup'), '--data-dir', nowhere], {
    env: { SECRET_KEY: '' },
  });
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /The backup cannot be read: ENOENT/u);
  assert.equal(existsSync(nowhere), false);
});

test('a backup of a data directory that is not there makes none', async () => {
  const nowhere = join(dataDir, 'nowhere');
  const file = join(dataDir, 'nothing.backup');
  const refused = await rollbookCli(['backup', file, '--data-dir', nowhere], {
    env: { SECRET_KEY: '', DATABASE_URL: '' },
  });
  assert.equal(refused.exitCode, 1);
  assert.match(refused.stderr, /There is no data directory .*nowhere\. Name it with --data-dir/u);
  assert.deepEqual([existsSync(nowhere), existsSync(file)], [false, false]);
});

test('backup and restore end on Ctrl-C, and leave everything as it was', async () => {
  const interrupted = AbortSignal.abort();
  const folder = await mkdtemp(join(tmpdir(), 'rollbook-copies-'));
  try {
    const file = join(folder, 'copy.backup');
    assert.equal((await rollbookCli(['backup', file], { interrupt: interrupted })).exitCode, 130);
    assert.deepEqual(await readdir(folder), []);
    assert.equal((await rollbookCli(['backup', file])).exitCode, 0);
    const restored = await rollbookCli(['restore', file, '--force'], { interrupt: interrupted });
    assert.equal(restored.exitCode, 130, restored.stderr);
    assert.match((await rollbookCli(['status'])).stdout, /contoso: success/u);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('backup and restore', async () => {
  const file = join(dataDir, 'copy.backup');
  const written = await rollbookCli(['backup', file]);
  assert.equal(written.exitCode, 0, written.stderr);
  assert.match(written.stdout, /Written: .*copy\.backup \(\d+ tables, [\d,]+ rows, [\d.]+ [KM]iB\)/u);
  const again = await rollbookCli(['backup', file]);
  assert.equal(again.exitCode, 1);
  assert.match(again.stderr, /exists\. Give another name, or say --force/u);
  const refused = await rollbookCli(['restore', file]);
  assert.equal(refused.exitCode, 1);
  const restored = await rollbookCli(['restore', file, '--force']);
  assert.equal(restored.exitCode, 0, restored.stderr);
  assert.match(restored.stdout, /Restored: [\d,]+ rows of the copy made /u);
  assert.match((await rollbookCli(['status'])).stdout, /contoso: success/u);
});
