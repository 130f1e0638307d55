import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { OperationalError } from '#lib/errors.ts';
import { runCliHere } from '#test/helpers/cli-run.ts';

import { COMMANDS } from './commands.ts';
import { cliGuidePage } from './guide-page.ts';
import { commandHelp, overviewHelp } from './help.ts';

const RAW = { serializers: [String] };
test('help: the overview, as it is printed', (t) => t.assert.snapshot(overviewHelp(COMMANDS), RAW));
for (const command of COMMANDS) {
  test(`help: ${command.name}, as it is printed`, (t) => t.assert.snapshot(commandHelp(command), RAW));
}

test('help: rollbook, rollbook help, --help and help <command> print the same', async () => {
  const overview = overviewHelp(COMMANDS);
  for (const argv of [[], ['help'], ['--help'], ['-h']]) {
    assert.deepEqual(await runCliHere(argv), { exitCode: 0, stdout: overview, stderr: '' });
  }
  const list = COMMANDS.find(({ name }) => name === 'profile list');
  assert.ok(list);
  for (const argv of [
    ['profile', 'list', '--help'],
    ['help', 'profile', 'list'],
    ['profile', 'list', '-h'],
  ]) {
    assert.equal((await runCliHere(argv)).stdout, commandHelp(list));
  }
});

test('help: no line is longer than 100 characters', () => {
  const lines = [overviewHelp(COMMANDS), ...COMMANDS.map(commandHelp)].join('\n').split('\n');
  assert.deepEqual(
    lines.filter((line) => line.length > 100),
    [],
  );
});

test('the guide page names every command', () => {
  const page = cliGuidePage();
  for (const { name } of COMMANDS) assert.ok(page.includes(`\n## ${name}\n`), name);
});

const WRONG: [string[], RegExp][] = [
  [['synk'], /no command 'synk'. Did you mean rollbook sync\?/u],
  [['frobnicate'], /no command 'frobnicate'. rollbook help lists them/u],
  [['profile'], /rollbook profile is one of: profile list, profile create, profile delete/u],
  [['sync'], /rollbook sync needs <folder>/u],
  [['sync', 'a', 'b'], /'b' is one argument too many/u],
  [['sync', 'a', '--profil', 'x'], /has no option --profil. Did you mean --profile\?/u],
  [['sync', 'a', '--profile'], /--profile needs a value: --profile <name or id>/u],
  [['sync', 'a', '--profile', 'x', '--profile', 'y'], /--profile is given 2 times/u],
  [['status', '--watch=yes'], /--watch takes no value/u],
  [['status', '--progress', 'lots'], /--progress 'lots' is none of auto, bar, plain, json, none/u],
  [['status', '--url', 'ftp://x'], /'ftp:\/\/x' is not an address/u],
  [['config', '--port', 'many'], /--port is "many" and has to be a port/u],
  [['sync', '/does/not/exist'], /\/does\/not\/exist does not exist/u],
  [['app', 'create', 'x', '--permission', 'EduRoster.Read.Al'], /Did you mean EduRoster\.Read\.All/u],
];
for (const [argv, message] of WRONG) {
  test(`usage: ${argv.join(' ')} is refused with exit code 2`, async () => {
    const result = await runCliHere(argv);
    assert.match(result.stderr, message);
    assert.equal(result.exitCode, 2);
    assert.equal(result.stdout, '');
  });
}

test('what an error names does not reach the terminal as a command', async () => {
  const result = await runCliHere(['sync', '/none\u001b[2J']);
  assert.equal(result.exitCode, 2);
  assert.match(result.stderr, /none\ufffd\[2J does not exist/u);
  assert.equal(result.stderr.includes('\u001b'), false);
});

test('an error with --json is a document on stdout too', async () => {
  const result = await runCliHere(['sync', '--json']);
  assert.equal(result.exitCode, 2);
  const document = JSON.parse(result.stdout) as { error: { code: string }; exitCode: number };
  assert.deepEqual([document.error.code, document.exitCode], ['Usage', 2]);
});

test('a command that only reads makes no data directory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollbook-none-'));
  try {
    const result = await runCliHere(['status', '--data-dir', join(folder, 'data')]);
    assert.equal(result.exitCode, 7);
    assert.match(result.stderr, /There is no Rollbook in .*data\. Start one with rollbook serve --data-dir/u);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('credentials that were moved to a safe place, as the guide says: the data directory is known all the same', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollbook-moved-'));
  try {
    await writeFile(
      join(folder, 'postgres.json'),
      JSON.stringify({ home: 'postgres', superuserPassword: 'x' }),
    );
    const result = await runCliHere(['status', '--data-dir', folder, '--credentials', 'safe.json'], {
      deps: { startServer: () => Promise.reject(new OperationalError('Reached', 'A service is started.')) },
    });
    assert.match(result.stderr, /^Error: A service is started\.$/mu);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('config: flag before environment before default; secrets are masked', async () => {
  const result = await runCliHere(['config', '--json', '--port', '1234'], {
    env: { HOST: '0.0.0.0', SECRET_KEY: 'v1:abc', DATABASE_URL: 'postgresql://me:pass@db/x' },
  });
  const { settings } = JSON.parse(result.stdout) as {
    settings: { name: string; value: string; origin: string }[];
  };
  const of = (name: string): string => {
    const found = settings.find((setting) => setting.name === name);
    return `${found?.value} ${found?.origin}`;
  };
  assert.equal(of('PORT'), '1234 option');
  assert.equal(of('HOST'), '0.0.0.0 environment');
  assert.equal(of('HTTPS_PORT'), '8443 default');
  assert.equal(of('SECRET_KEY'), '******** environment');
  assert.equal(of('DATABASE_URL'), 'postgresql://me:********@db/x environment');
});

test('the secret of a data directory is not sent to another machine', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rollbook-secret-'));
  try {
    const credentials = { tenantId: 't', clientId: 'c', clientSecret: 's' };
    await writeFile(join(folder, 'credentials.json'), JSON.stringify(credentials));
    for (const host of ['roster.contoso.com', '127.contoso.invalid', 'localhost.contoso.invalid']) {
      const result = await runCliHere(['status', '--url', `https://${host}`, '--data-dir', folder]);
      assert.equal(result.exitCode, 7);
      assert.ok(result.stderr.includes(`Credentials are needed for https://${host}`), result.stderr);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
