/** Contacts of students: from the files of a roster into the directory, beside hand edits, and never lost by a bad file. */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

import { inTenant } from '#storage/database.ts';
import { dumpDirectory } from '#test/helpers/directory-dump.ts';
import { type Contact, withCleverContacts, withV1Contacts } from '#test/helpers/contact-files.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, smallRoster, type SmallRoster } from '#test/helpers/small-roster.ts';
import { changesOf, syncClient } from '#test/helpers/sync-client.ts';

let rollbook: TestRollbook;
before(async () => {
  rollbook = await startTestRollbook();
});
after(() => rollbook.stop());

const FORMATS = {
  'SDS V1': { write: withV1Contacts, confirm: ['user.csv', 'guardianrelationship.csv'] },
  Clever: { write: withCleverContacts, confirm: ['students.csv'] },
} as const;

interface Bench {
  readonly client: ReturnType<typeof syncClient>;
  readonly profile: string;
  readonly roster: SmallRoster;
  /** Contacts as the source has them now. */
  readonly contacts: Contact[];
  files(): Record<string, string>;
  /** Syncs what the source has now, or these files. @returns what changed. */
  sync(files?: Record<string, string>): Promise<Record<string, Record<string, number>>>;
  /** As Graph shows them, without ids, by name. */
  shown(student: string): Promise<Record<string, unknown>[]>;
  idOf(student: string): Promise<string>;
  path(student: string): Promise<string>;
  dropSnapshots(): Promise<void>;
}

const contact = (student: string, name: string, mobilePhone = '555-1', relationship = 'Parent'): Contact => ({
  student,
  name,
  email: `${name.toLowerCase().replace(' ', '.')}@home.example`,
  phone: mobilePhone,
  relationship,
});
const seen = ({ name, email, phone, relationship }: Contact): Record<string, unknown> => ({
  displayName: name,
  emailAddress: email,
  mobilePhone: phone,
  relationship: relationship.toLowerCase(),
  accessConsent: null,
});

let made = 0;
async function benchOf(format: keyof typeof FORMATS): Promise<Bench> {
  const client = syncClient(rollbook);
  const prefix = `k${(made += 1)}`;
  const roster = smallRoster({ schools: 1, sections: 2, students: 3 });
  for (const rows of Object.values(roster) as Record<string, string>[][])
    for (const row of rows)
      for (const column of ['SIS ID', 'School SIS ID', 'Section SIS ID', 'Username'])
        if (row[column] !== undefined) row[column] = prefix + row[column];
  const profile = await client.createProfile({ displayName: `Contacts ${prefix}` });
  const contacts = [
    contact('S1P1', 'Ana Elm'),
    contact('S1P1', 'Ben Elm', '555-2', 'Guardian'),
    contact('S1P2', 'Ana Elm', '555-1', 'Relative'),
  ];
  const bench: Bench = {
    client,
    profile,
    roster,
    contacts,
    files: () =>
      FORMATS[format].write(
        csvFiles(roster),
        contacts.map((one) => ({ ...one, student: prefix + one.student })),
      ),
    async sync(files = bench.files()) {
      const status = await client.sync(profile, files);
      assert.equal(status.status, 'success', status.statusMessage);
      return changesOf(client, profile);
    },
    async shown(student) {
      const user = await client.ok<{ relatedContacts: Record<string, unknown>[] }>(
        'GET',
        await bench.path(student),
      );
      return user.relatedContacts
        .map(({ id: _id, ...rest }) => rest)
        .toSorted((a, b) => (String(a['displayName']) < String(b['displayName']) ? -1 : 1));
    },
    async idOf(student) {
      const [link] = await rollbook.rows(
        `select object_id from link where kind = 'student' and source_id = $1`,
        [prefix + student],
      );
      return String(link?.['object_id']);
    },
    path: async (student) => `/beta/education/users/${await bench.idOf(student)}`,
    dropSnapshots: () => rm(join(rollbook.dataDir, 'snapshots'), { recursive: true, force: true }),
  };
  await bench.sync();
  return bench;
}

/** plan_item shows the items of the tenant that the transaction names. */
const inDirectory = (sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
  inTenant(rollbook.db, rollbook.tenantId, (tx) => tx.query(sql, values));

const rowsOf = (person: string): Promise<Record<string, unknown>[]> =>
  rollbook.rows(
    `select id, display_name as name, mobile_phone as phone, active, version, change_seq::float8 as seq from contact_relationship
      where person_id = $1 order by display_name`,
    [person],
  );

for (const format of Object.keys(FORMATS) as (keyof typeof FORMATS)[]) {
  describe(`contacts from ${format}`, () => {
    test('the first sync brings them, the same files change nothing, one that changes is an update of its student', async () => {
      const bench = await benchOf(format);
      const [ana, ben] = bench.contacts as [Contact, Contact];
      assert.deepEqual(await bench.shown('S1P1'), [seen(ana), seen(ben)]);
      assert.deepEqual(await bench.shown('S1P2'), [{ ...seen(ana), relationship: 'relative' }]);
      assert.deepEqual(await bench.shown('S1P3'), []);
      assert.deepEqual(await rollbook.rows(`select 1 from person where attributes ? 'contacts'`), []);
      const dump = await dumpDirectory(rollbook.db, rollbook.tenantId);
      assert.deepEqual(await bench.sync(), {});
      await bench.dropSnapshots();
      assert.deepEqual(await bench.sync(), {}, 'with a snapshot made anew');
      assert.deepEqual(await dumpDirectory(rollbook.db, rollbook.tenantId), dump);

      const person = await bench.idOf('S1P1');
      const before = await rowsOf(person);
      bench.contacts[1] = { ...ben, phone: '555-9' };
      assert.deepEqual(await bench.sync(), { student: { updated: 1 } });
      const run = await bench.client.latestRun(bench.profile);
      const items = await inDirectory(
        `select action, reason, before -> 'contacts' as before, after -> 'contacts' as after from plan_item where run_id = $1`,
        [run.id],
      );
      const record = ({
        accessConsent: _consent,
        ...rest
      }: Record<string, unknown>): Record<string, unknown> => rest;
      assert.deepEqual(items, [
        {
          action: 'update',
          reason: 'changedInSource',
          before: [record(seen(ana)), record(seen(ben))],
          after: [record(seen(ana)), { ...record(seen(ben)), mobilePhone: '555-9' }],
        },
      ]);
      const changed = await rowsOf(person);
      assert.deepEqual(
        changed.map(({ id, phone, version }) => [id, phone, version]),
        [
          [before[0]?.['id'], '555-1', 1],
          [before[1]?.['id'], '555-9', 2],
        ],
      );
      const [{ seq } = {}] = await rollbook.rows(
        'select change_seq::float8 as seq from person where id = $1',
        [person],
      );
      assert.equal(changed[1]?.['seq'], seq, 'readers follow the row of the person');
    });

    test('one that goes becomes inactive, and has its id again when it comes back', async () => {
      const bench = await benchOf(format);
      const person = await bench.idOf('S1P1');
      const before = await rowsOf(person);
      const [gone] = bench.contacts.splice(1, 1) as [Contact];
      assert.deepEqual(await bench.sync(), { student: { updated: 1 } });
      assert.deepEqual(await bench.shown('S1P1'), [seen(bench.contacts[0] as Contact)]);
      assert.deepEqual(
        (await rowsOf(person)).map(({ active }) => active),
        [true, false],
      );
      bench.contacts.push(gone);
      await bench.sync();
      assert.deepEqual(
        (await rowsOf(person)).map(({ id, active }) => [id, active]),
        before.map(({ id }) => [id, true]),
      );
      assert.deepEqual(await bench.sync(), {});
    });

    test('no contact at all any more is a question, also with a snapshot made anew; confirmed, they go', async () => {
      const bench = await benchOf(format);
      const { client, profile, contacts } = bench;
      const kept = contacts.splice(0);
      for (const anew of [false, true]) {
        if (anew) await bench.dropSnapshots();
        await client.upload(profile, bench.files());
        assert.equal((await client.start(profile)).status, 400);
        const { status, statusMessage } = await client.settled(profile);
        assert.equal(status, 'validationError');
        assert.ok(
          statusMessage.includes(JSON.stringify({ confirmEmptyFiles: FORMATS[format].confirm })),
          statusMessage,
        );
        assert.equal((await bench.shown('S1P1')).length, 2);
      }
      await client.ok('POST', `/api/v1/profiles/${profile}/resume`, {
        confirmEmptyFiles: FORMATS[format].confirm,
      });
      assert.equal((await client.settled(profile)).status, 'success');
      assert.deepEqual([await bench.shown('S1P1'), await bench.shown('S1P2')], [[], []]);
      assert.deepEqual(await bench.sync(), {}, 'they are not missed for ever');
      contacts.push(...kept);
      assert.deepEqual(await bench.sync(), { student: { updated: 2 } });
      assert.equal((await bench.shown('S1P1')).length, 2);
    });

    test('a bad row: no contact of its student is removed, what is good is taken', async () => {
      const bench = await benchOf(format);
      const [ana, ben] = bench.contacts as [Contact, Contact];
      bench.contacts[0] = { ...ana, phone: '555-8' };
      bench.contacts[1] = { ...ben, email: '' };
      bench.contacts[2] = { ...(bench.contacts[2] as Contact), phone: '555-8' };
      for (const [student, grade] of [
        [0, '11'],
        [2, '12'],
      ] as const)
        (bench.roster.student[student] as Record<string, string>)['Grade'] = grade;
      const status = await bench.client.sync(bench.profile, bench.files());
      // A row of its own was dropped; a part of the row of a student is a warning.
      assert.equal(status.status, format === 'Clever' ? 'success' : 'error', status.statusMessage);
      assert.deepEqual(await bench.shown('S1P1'), [{ ...seen(ana), mobilePhone: '555-8' }, seen(ben)]);
      const grades = await rollbook.rows(`select grade from person where id = any($1) order by grade`, [
        [await bench.idOf('S1P1'), await bench.idOf('S1P3')],
      ]);
      assert.deepEqual(grades, [{ grade: '11' }, { grade: '12' }]);
      const stored = await inDirectory(
        `select 1 from link where attributes ? 'incomplete' union all select 1 from plan_item where after ? 'incomplete'`,
      );
      assert.deepEqual(stored, []);
      await bench.client.sync(bench.profile, bench.files());
      assert.deepEqual(await changesOf(bench.client, bench.profile), {}, 'the same again');
      bench.contacts.splice(1, 1);
      assert.deepEqual(await bench.sync(), { student: { updated: 1 } });
      assert.deepEqual(await bench.shown('S1P1'), [{ ...seen(ana), mobilePhone: '555-8' }]);
    });

    test('a student who leaves and comes back has them again, as they are then', async () => {
      const bench = await benchOf(format);
      const [leaver] = bench.roster.student.splice(0, 1);
      const places = bench.roster.studentenrollment.splice(0, 2);
      const [ana, ben] = bench.contacts.splice(0, 2) as [Contact, Contact];
      await bench.sync();
      bench.roster.student.push(leaver as Record<string, string>);
      bench.roster.studentenrollment.push(...places);
      bench.contacts.push(ana);
      assert.deepEqual((await bench.sync())['student'], { reactivated: 1 });
      assert.deepEqual(await bench.shown('S1P1'), [seen(ana)]);
      bench.contacts.push(ben);
      await bench.sync();
      assert.deepEqual(await bench.shown('S1P1'), [seen(ana), seen(ben)]);
      assert.deepEqual(await bench.sync(), {});
    });
  });
}

describe('contacts edited by hand', () => {
  const hers = {
    displayName: 'By Hand',
    emailAddress: 'hand@home.example',
    mobilePhone: null,
    relationship: 'aide',
  };
  const shownHers = { ...hers, accessConsent: null };

  test('stay until the source changes the contacts of that student', async () => {
    const bench = await benchOf('SDS V1');
    const edit = async (student: string): Promise<unknown> =>
      bench.client.ok('PATCH', await bench.path(student), { relatedContacts: [hers] });
    for (const student of ['S1P1', 'S1P2', 'S1P3']) await edit(student);
    assert.deepEqual(await bench.sync(), {});
    await bench.dropSnapshots();
    assert.deepEqual(await bench.sync(), {});
    for (const row of bench.roster.student) row['Grade'] = '12';
    assert.deepEqual((await bench.sync())['student'], { updated: 3 });
    for (const student of ['S1P1', 'S1P2', 'S1P3'])
      assert.deepEqual(await bench.shown(student), [shownHers], student);
    const [ana, ben] = bench.contacts.splice(0, 2) as [Contact, Contact];
    bench.contacts.push({ ...ben, phone: '555-7' });
    assert.deepEqual(await bench.sync(), { student: { updated: 1 } });
    assert.deepEqual(await bench.shown('S1P1'), [{ ...seen(ben), mobilePhone: '555-7' }]);
    assert.deepEqual(await bench.shown('S1P2'), [shownHers]);
    // And back again.
    bench.contacts.splice(-1, 1, ana, ben);
    await bench.sync();
    assert.deepEqual(await bench.shown('S1P1'), [seen(ana), seen(ben)]);
  });

  test('a student deleted by hand comes back when the source changes the contacts, with them', async () => {
    const bench = await benchOf('SDS V1');
    const path = await bench.path('S1P1');
    await bench.client.ok('DELETE', path);
    assert.deepEqual(await bench.sync(), {});
    const [, ben] = bench.contacts.splice(0, 2) as [Contact, Contact];
    bench.contacts.push(ben);
    assert.deepEqual(await bench.sync(), { student: { reactivated: 1 } });
    assert.deepEqual(await bench.shown('S1P1'), [seen(ben)]);
  });

  test('a student who leaves and comes back keeps them, while the source says what it said', async () => {
    const bench = await benchOf('SDS V1');
    await bench.client.ok('PATCH', await bench.path('S1P1'), { relatedContacts: [hers] });
    const [leaver] = bench.roster.student.splice(0, 1);
    const places = bench.roster.studentenrollment.splice(0, 2);
    const theirs = bench.contacts.splice(0, 2);
    await bench.sync();
    bench.roster.student.push(leaver as Record<string, string>);
    bench.roster.studentenrollment.push(...places);
    bench.contacts.push(...theirs);
    assert.deepEqual((await bench.sync())['student'], { reactivated: 1 });
    assert.deepEqual(await bench.shown('S1P1'), [shownHers]);
  });
});

test('a profile goes from SDS V1 to Clever: contacts keep their ids', async () => {
  const bench = await benchOf('SDS V1');
  const ids = `select r.id from contact_relationship r join person p on p.id = r.person_id where r.active order by 1`;
  const before = await rollbook.rows(ids);
  const files = withCleverContacts(
    csvFiles(bench.roster),
    bench.contacts.map((one) => ({
      ...one,
      student:
        (bench.roster.student[Number(one.student.at(-1)) - 1] as Record<string, string>)['SIS ID'] ?? '',
    })),
  );
  await bench.sync(files);
  assert.deepEqual(await rollbook.rows(ids), before);
});

test('matched students have the contacts of their source', async () => {
  const bench = await benchOf('SDS V1');
  const client = syncClient(rollbook);
  const profile = await client.createProfile({
    match: { property: 'userPrincipalName', source: 'Username', domain: 'students.contoso.example' },
  });
  const files = withV1Contacts(csvFiles(bench.roster), [
    { ...contact('', 'Dee Elm'), student: bench.roster.student[2]?.['SIS ID'] ?? '' },
  ]);
  await client.upload(profile, files);
  assert.equal((await client.start(profile)).status, 200);
  await client.settled(profile);
  assert.deepEqual(await bench.shown('S1P3'), [seen(contact('', 'Dee Elm'))]);
  assert.equal((await bench.shown('S1P1')).length, 2);
});

test('no log names a contact', () => {
  const lines = rollbook.logLines.join('\n');
  assert.ok(lines.length > 0);
  assert.doesNotMatch(lines, /Ana Elm|Ben Elm|home\.example|Stu1/u);
});
