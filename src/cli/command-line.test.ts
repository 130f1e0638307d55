import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { CommandCall } from './command.ts';
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
    programName({ npm_lifecycle_event: 'demo', npm_command: 'run-script' }),
    'npm run -s rollbook --',
  );
  assert.equal(programName({ npm_lifecycle_event: 'npx', npm_command: 'exec' }), 'rollbook');
});

test('a command to type next reaches the same service, without secrets', () => {
  const call = {
    io: { env: {} },
    given: {
      'data-dir': '/srv/roll book',
      'database-url': 'postgresql://me:secret@db/x',
      'client-secret': 'secret',
      profile: 'x',
    },
  } as unknown as CommandCall;
  assert.equal(
    nextCommand(call, ['resume', '--profile', 'a b']),
    "rollbook resume --profile 'a b' --data-dir '/srv/roll book'",
  );
});
