import assert from 'node:assert/strict';
import { test } from 'node:test';

import { must } from '#lib/assert.ts';
import { shownFindings, stageFiles } from '#test/helpers/stage-files.ts';
import { GOOD_ONEROSTER } from '#test/helpers/user-faults.ts';

const USERS = [
  'sourcedId,status,dateLastModified,enabledUser,orgSourcedIds,role,username,givenName,familyName,email,agentSourcedIds,grades',
  'u1,,,true,s,student,ada,Ada,Elm,,"p1, p2",9',
  'u2,,,true,s,teacher,tea,Tea,Oak,,,',
  'p1,,,true,s,parent,pat,Pat,Elm,pat@b.example,u1,',
  'p2,,,true,s,guardian,gus,Gus,Elm,gus@b.example,u1,',
  '',
];

test('OneRoster: a contact whose row stands behind another one, without a line break, is not taken away', async () => {
  const files = { ...GOOD_ONEROSTER, 'users.csv': USERS.join('\n') };
  const before = await stageFiles(files);
  assert.deepEqual(shownFindings(before.findings), []);
  const joined = { ...files, 'users.csv': must(files['users.csv']).replace('\np1,', 'p1,') };
  const staged = await stageFiles(joined, { after: before });
  // What is not known to be whole is filled in from before, by planning.
  const lost = staged.items
    .map(({ after }) => after as { contacts?: unknown[]; incomplete?: string[] })
    .filter(
      ({ contacts, incomplete }) => contacts?.length === 1 && incomplete?.includes('contacts') !== true,
    );
  assert.deepEqual(lost, [], shownFindings(staged.findings).join('\n'));
});
