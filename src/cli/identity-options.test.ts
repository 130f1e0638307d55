import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { CommandCall } from './command.ts';
import { UsageError } from './exit-codes.ts';
import { defaultIdentity, describeIdentity, identityFromOptions, sameIdentity } from './identity-options.ts';
import { parseCall } from './parse-call.ts';
import { syncCommand } from './commands/sync.ts';
import { optionsOf } from './shared-options.ts';

function identityOf(...words: string[]): ReturnType<typeof identityFromOptions> {
  return identityFromOptions(parseCall(syncCommand, optionsOf(syncCommand), ['x', ...words]) as CommandCall);
}

const GOOD: [string[], string[]][] = [
  [
    ['--create-users', 'contoso.com'],
    [
      'students are created as <Username>@students.contoso.com',
      'teachers are created as <Username>@contoso.com',
    ],
  ],
  [
    ['--create-users', 'contoso.com', '--student-domain', 'pupils.contoso.com'],
    [
      'students are created as <Username>@pupils.contoso.com',
      'teachers are created as <Username>@contoso.com',
    ],
  ],
  [['--teacher-domain', 'contoso.com'], ['teachers are created as <Username>@contoso.com']],
  [
    ['--match', 'Username=userPrincipalName@contoso.com'],
    [
      'students are linked where <Username>@contoso.com is the userPrincipalName of an account',
      'teachers are linked where <Username>@contoso.com is the userPrincipalName of an account',
    ],
  ],
  [
    ['--match', 'student:Student Number=extensionAttribute12', '--match', 'teacher:Secondary Email=mail'],
    [
      'students are linked where <Student Number> is the extensionAttribute12 of an account',
      'teachers are linked where <Secondary Email> is the mail of an account',
    ],
  ],
];
for (const [words, sentences] of GOOD) {
  test(`identity: ${words.join(' ')}`, () =>
    assert.deepEqual(describeIdentity(identityOf(...words)), sentences));
}

const BAD: [string[], RegExp][] = [
  [['--create-users', 'contoso'], /'contoso' is not a domain name/u],
  [['--student-domain', 'a b.com'], /is not a domain name/u],
  [['--match', 'Username'], /is not \[student:\|teacher:\]<column>=<property>/u],
  [['--match', 'a=mail', '--match', 'student:b=mail'], /two --match rules for student/u],
  [['--match', 'a=mail', '--create-users', 'x.com'], /either creates users or links them/u],
];
for (const [words, message] of BAD) {
  test(`identity: ${words.join(' ')} is refused`, () => {
    assert.throws(
      () => identityOf(...words),
      (error) => error instanceof UsageError && message.test(error.message),
    );
  });
}

test('identity: without options nothing is asked for, and the default ends in .example', () => {
  assert.equal(identityOf(), null);
  assert.deepEqual(describeIdentity(defaultIdentity('Höhere Schulen 2026!')), [
    'students are created as <Username>@students.ho-here-schulen-2026.example',
    'teachers are created as <Username>@ho-here-schulen-2026.example',
  ]);
});

test('identity: what a profile has is compared with what is asked for', () => {
  const wanted = defaultIdentity('contoso');
  const found = {
    '@odata.type': '#microsoft.graph.educationIdentityCreationConfiguration',
    userDomains: [
      { appliesTo: 'teacher', name: 'contoso.example' },
      { appliesTo: 'student', name: 'students.contoso.example' },
    ],
  };
  assert.equal(sameIdentity(wanted, found), true);
  assert.equal(sameIdentity(defaultIdentity('fabrikam'), found), false);
});
