/** Open errors have the codes that scripts know from School Data Sync, where it had one. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

import { startTestRollbook } from '#test/helpers/rollbook.ts';
import { syncClient } from '#test/helpers/sync-client.ts';

const FILES = {
  'orgs.csv': 'sourcedId,name,type\ns1,North School,school\n',
  'users.csv': `sourcedId,username,givenName,familyName
u1,ada@contoso.example,Ada,Alder
u2,ben birch@contoso.example,Ben,Birch
u3,cleo@contoso.example,Cleo,Cedar
u4,cleo@contoso.example,Clea,Cedar
`,
  'roles.csv': `userSourcedId,orgSourcedId,role,grade
u1,s1,student,09
u1,s1,wizard,
u2,s1,student,
u3,s1,student,99
u4,s1,student,
u1,s9,student,
`,
  'classes.csv': 'sourcedId,orgSourcedId,title\nk1,s1,Biology\nk 2,s1,Chess\n',
  'enrollments.csv': 'classSourcedId,userSourcedId,role\nk1,u1,student\n',
};

test('codes of errors: those of School Data Sync where it had one, each in the list of codes', async () => {
  const rollbook = await startTestRollbook();
  try {
    const client = syncClient(rollbook);
    const profile = await client.createProfile();
    const status = await client.sync(profile, FILES);
    assert.equal(status.status, 'error', status.statusMessage);
    const errors = await client.all<{ errorCode: string; reportableIdentifier: string }>(
      `/beta/education/synchronizationProfiles/${profile}/errors`,
    );
    const found = errors.map(({ errorCode, reportableIdentifier }) => `${reportableIdentifier} ${errorCode}`);
    assert.deepEqual(found.toSorted(), [
      'k 2 AzureActiveDirectoryInvalidPropertyValue',

      'u1 InvalidLookupReference',
      'u1 InvalidOrMissingReferenceCode',
      'u2 AzureActiveDirectoryInvalidPropertyValue',
      'u4 DuplicateTargetEntries',
    ]);
    const page = await readFile('docs/spec/error-codes.md', 'utf8');
    for (const { errorCode } of errors) assert.ok(page.includes(`| \`${errorCode}\` `), errorCode);
    const byCode = await client.all(
      `/beta/education/synchronizationProfiles/${profile}/errors?$filter=errorCode eq 'InvalidOrMissingReferenceCode'`,
    );
    assert.equal(byCode.length, 1);
  } finally {
    await rollbook.stop();
  }
});
