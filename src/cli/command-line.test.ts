import assert from 'node:assert/strict';
import { test } from 'node:test';

import { nextCommand, programName, shellQuote } from './command-line.ts';

test('arguments are quoted for a POSIX shell where they need it', () => {
  assert.equal(shellQuote('contoso'), 'contoso');
  assert.equal(shellQuote('High schools'), "'High schools'");
  assert.equal(shellQuote("Ann's $HOME"), String.raw`'Ann'\''s $HOME'`);
  assert.equal(shellQuote(''), "''");
});

test('the program is named as the user called it', () => {
  assert.equal(programName({}), 'rollbook');
  assert.equal(
    programName({
      npm_lifecycle_event: 'demo',
      npm_command: 'run-script',
      npm_package_name: 'rollbook',
    }),
    'npm run -s rollbook --',
  );
  assert.equal(
    programName({ npm_lifecycle_event: 'nightly', npm_command: 'run-script', npm_package_name: 'district' }),
    'rollbook',
  );
  assert.equal(programName({ npm_lifecycle_event: 'npx', npm_command: 'exec' }), 'npx rollbook');
});

const stream = { write: () => undefined };
const io = { stdout: stream, stderr: stream, env: {}, interrupt: new AbortController().signal };

test('a command to type next reaches the same service, without secrets', () => {
  const call = {
    io: { ...io, env: { DATA_DIR: '/elsewhere' } },
    given: {
      'data-dir': '/srv/roll book',
      'database-url': 'postgresql://me:secret@db/x',
      'client-secret': 'secret',
      profile: 'x',
    },
  };
  assert.equal(
    nextCommand(call, ['resume', '--profile', 'a b']),
    "rollbook resume --profile 'a b' --data-dir '/srv/roll book'",
  );
  assert.equal(
    nextCommand({ io: { ...io, env: { DATA_DIR: '/srv/data' } }, given: {} }, ['serve']),
    'rollbook serve --data-dir /srv/data',
  );
  assert.equal(nextCommand({ io, given: {} }, ['serve']), 'rollbook serve');
  const signedIn = { io, given: { credentials: 'safe.json', 'data-dir': '/srv/data' } };
  assert.equal(nextCommand(signedIn, ['serve']), 'rollbook serve --data-dir /srv/data');
  assert.equal(nextCommand(signedIn, ['sync']), 'rollbook sync --credentials safe.json --data-dir /srv/data');
  // A data directory on the command line would be meant more than the address.
  const env = { ROLLBOOK_URL: 'https://roster.contoso.com', DATA_DIR: '/srv/data' };
  assert.equal(
    nextCommand({ io: { ...io, env }, given: {} }, ['status']),
    'rollbook status --url https://roster.contoso.com --data-dir /srv/data',
  );
  assert.equal(
    nextCommand({ io: { ...io, env }, given: { 'data-dir': '/trial' } }, ['status']),
    'rollbook status --data-dir /trial',
  );
});
