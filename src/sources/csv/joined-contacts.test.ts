import assert from 'node:assert/strict';
import { test } from 'node:test';

import { must } from '#lib/assert.ts';
import { shownFindings, stageFiles } from '#test/helpers/stage-files.ts';
import { GOOD_ONEROSTER, WITH_AGENTS } from '#test/helpers/user-faults.ts';

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

test('names of contacts that no directory takes break no run, and the contacts of before stay', async () => {
  const named = (...names: readonly string[]): Record<string, string> => {
    const contacts = names.map((name, i) => `p${i},,,true,s,parent,p${i},${name},Elm,p${i}@b.example,,`);
    return {
      ...GOOD_ONEROSTER,
      'users.csv': [
        USERS[0],
        'u1,,,true,s,student,ada,Ada,Elm,,"p0,p1,p2",9',
        USERS[2],
        ...contacts,
        '',
      ].join('\n'),
    };
  };
  const before = await stageFiles(named('Pat', 'Pia', 'Paz'));
  assert.deepEqual(shownFindings(before.findings), []);
  const long = 'x'.repeat(1_000_000);
  const staged = await stageFiles(named(long, long, long), { after: before });
  assert.deepEqual(shownFindings(staged.findings), [
    ...[4, 5, 6].map((line) => `VALUE_TOO_LONG users.csv:${line} givenName (error)`),
    'ABSENCE_NOT_PROVEN users.csv contacts (information)',
  ]);
  assert.deepEqual(
    staged.items.map(({ kind, after }) => [kind, (after as { incomplete?: string[] }).incomplete]),
    [['student', ['contacts']]],
  );
});

test('addresses of contacts are stored as those of users are: in another letter case nothing changes', async () => {
  const before = await stageFiles(WITH_AGENTS);
  const users = String(WITH_AGENTS['users.csv']).replace('pat@b.example', 'Pat@B.Example');
  assert.deepEqual((await stageFiles({ ...WITH_AGENTS, 'users.csv': users }, { after: before })).items, []);
});
