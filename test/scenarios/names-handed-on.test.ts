/** User names that go from one to another, where the two are not applied together: in another batch, or as a pupil and a teacher. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  rollbook = await startTestRollbook({ engine: { batchItems: 2 } });
  client = syncClient(rollbook);
});
after(() => rollbook.stop());

const DOMAIN = 'contoso.example';
/** Pupils and staff have names of one domain. */
const ONE_DOMAIN = {
  identitySynchronizationConfiguration: {
    '@odata.type': '#microsoft.graph.educationIdentityCreationConfiguration',
    userDomains: ['student', 'teacher'].map((appliesTo) => ({ appliesTo, name: DOMAIN })),
  },
};

let made = 0;
interface Names {
  readonly students: readonly string[];
  readonly teachers: readonly string[];
}

/** Who is in a place of the list stays the same; the names are theirs. */
function filesOf(prefix: string, { students, teachers }: Names): Record<string, string> {
  const people = (role: string, names: readonly string[]): string =>
    names.map((name, place) => `${prefix}${role}${place},${prefix}s,First,Last,${prefix}${name}\n`).join('');
  const head = 'SIS ID,School SIS ID,First Name,Last Name,Username\n';
  return {
    'school.csv': `SIS ID,Name\n${prefix}s,North\n`,
    'section.csv': `SIS ID,School SIS ID,Section Name\n${prefix}m,${prefix}s,Math\n`,
    'student.csv': head + people('p', students),
    'teacher.csv': head + people('t', teachers),
    'studentenrollment.csv': `Section SIS ID,SIS ID\n${prefix}m,${prefix}p0\n`,
    'teacherroster.csv': `Section SIS ID,SIS ID\n${prefix}m,${prefix}t0\n`,
  };
}

/** Syncs one set of names, then the other. @returns the status, and who has which name and mail. */
async function namesAfter(first: Names, second: Names): Promise<{ status: string; names: Names }> {
  const prefix = `n${(made += 1)}-`;
  const profile = await client.createProfile({ displayName: prefix, more: ONE_DOMAIN });
  const before = await client.sync(profile, filesOf(prefix, first));
  assert.equal(before.status, 'success', before.statusMessage);
  const { status } = await client.sync(profile, filesOf(prefix, second));
  const rows = await rollbook.rows(
    `select l.kind, a.user_name, a.mail from link l join account a on a.person_id = l.object_id
      where l.kind in ('student', 'teacher') and l.source_id like $1 || '%' order by l.kind, l.source_id`,
    [prefix],
  );
  const of = (kind: string): string[] =>
    rows
      .filter((row) => row['kind'] === kind)
      .map((row) => {
        assert.equal(row['mail'], row['user_name']);
        return String(row['user_name']).replace(prefix, '').replace(`@${DOMAIN}`, '');
      });
  return { status, names: { students: of('student'), teachers: of('teacher') } };
}

const EIGHT = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
for (const [name, first, second] of [
  [
    'a pupil and a teacher swap their names',
    { students: ['a'], teachers: ['b'] },
    { students: ['b'], teachers: ['a'] },
  ],
  [
    'two pupils of two batches swap their names',
    { students: EIGHT, teachers: ['t'] },
    { students: EIGHT.toReversed(), teachers: ['t'] },
  ],
  [
    'names go round through all batches, and through the teachers',
    { students: EIGHT, teachers: ['x', 'y', 'z'] },
    { students: [...EIGHT.slice(1), 'x'], teachers: ['y', 'z', 'a'] },
  ],
  [
    'somebody new gets the name of a teacher who gets another one',
    { students: ['a'], teachers: ['b'] },
    { students: ['a', 'b'], teachers: ['c'] },
  ],
] as const)
  test(name, async () => {
    assert.deepEqual(await namesAfter(first, second), { status: 'success', names: second });
  });
