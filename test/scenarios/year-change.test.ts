/** The new school year: an information system that uses the ids of its sections again, and one that does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { renameSections } from '#test/helpers/authority-under-test.ts';
import { contosoRoster, inNextTerm, nextYear } from '#test/helpers/next-year.ts';
import { toV21Format, withoutColumns, withTwoDigitGrades } from '#test/helpers/other-formats.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, type SmallRoster } from '#test/helpers/small-roster.ts';
import { changesOf, type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

type Files = Readonly<Record<string, string>>;

/** Every limit on counts out of the way: what is held is held by what is tested. */
const NO_LIMITS = {
  deactivationLimit: { percent: 100, count: 100_000 },
  limits: ['create', 'update', 'deactivate', 'move'].flatMap((action) =>
    ['plan', 'school'].map((scope) => ({ scope, action, percent: 100, count: 100_000 })),
  ),
};
const PLACES = `select c.external_id || ' ' || coalesce(p.student_external_id, p.teacher_external_id) || ' ' || e.role as place
  from enrollment e join class c on c.id = e.class_id join person p on p.id = e.person_id where e.active and c.active order by 1`;

interface Context {
  readonly rollbook: TestRollbook;
  readonly client: SyncClient;
  readonly profile: string;
}

async function withSynced(
  files: Files,
  work: (context: Context) => Promise<void>,
  settings: object = NO_LIMITS,
): Promise<void> {
  const rollbook = await startTestRollbook();
  try {
    const client = syncClient(rollbook);
    const profile = await client.createProfile({ displayName: 'Year' });
    await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, settings);
    const status = await client.sync(profile, files);
    assert.equal(status.status, 'success', status.statusMessage);
    await work({ rollbook, client, profile });
  } finally {
    await rollbook.stop();
  }
}

interface PlanAnswer {
  readonly verdict: { readonly outcome: string; readonly reasons: readonly ReasonAnswer[] };
}
interface ReasonAnswer {
  readonly code: string;
  readonly scope: string;
  readonly school?: string;
  readonly count?: number;
  readonly message: string;
}

async function verdictOf({ client, profile }: Context): Promise<PlanAnswer['verdict'] & { run: string }> {
  const { id } = await client.latestRun(profile);
  return { ...(await client.ok<PlanAnswer>('GET', `/api/v1/runs/${id}/plan`)).verdict, run: id };
}

/** SDS V2.1 of it: columns that it has not are left out. */
const toV21 = (roster: SmallRoster): Files =>
  toV21Format(withTwoDigitGrades(withoutColumns(csvFiles(roster), ['Course Subject', 'Status'])));

for (const [format, filesOf] of [
  ['SDS V1', csvFiles],
  ['SDS V2.1', toV21],
] as const)
  test(`${format}: next year's classes under the ids of last year's are held, said why, and can be approved`, async () => {
    const roster = contosoRoster();
    await withSynced(filesOf(roster), async (context) => {
      const { rollbook, client, profile } = context;
      const before = await rollbook.rows(PLACES);
      const next = nextYear(roster);
      const status = await client.sync(profile, filesOf(next));
      assert.equal(status.status, 'validationError', status.statusMessage);
      assert.match(
        status.statusMessage,
        /school 1001 \(Contoso Elementary School\): the source uses the ids of 8 of 8 changed classes again, in another session or course and with other students \(1001-01: session Y2026 to Y2027, 1001-02: session Y2026 to Y2027, 1001-03: session Y2026 to Y2027, …\), and the students of before would lose these classes\. Set classAnchor to idAndSession to have new classes beside the old ones, or approve if the classes really go on/u,
      );
      const verdict = await verdictOf(context);
      assert.deepEqual(
        [verdict.outcome, ...verdict.reasons.map(({ code, school, count }) => [code, school, count])],
        [
          'held',
          ['tooManySchools', undefined, 3],
          ...['1001', '1002', '1003'].map((school) => ['reusedSections', school, 8]),
        ],
      );
      assert.deepEqual(await rollbook.rows(PLACES), before, 'nothing was changed');
      // The classes really go on: somebody says so.
      await client.ok('POST', `/api/v1/runs/${verdict.run}/approve`, { note: 'Classes go on' });
      const after = await client.settled(profile);
      assert.equal(after.status, 'success', after.statusMessage);
      assert.deepEqual(await changesOf(client, profile), {
        academicSession: { created: 1, ended: 1 },
        class: { updated: 24 },
        enrollment: { created: 480, ended: 480 },
      });
      assert.equal((await client.sync(profile, filesOf(next))).status, 'success');
      assert.deepEqual(await changesOf(client, profile), {});
    });
  });

test('one school uses ids again: it waits alone', async () => {
  const roster = contosoRoster();
  await withSynced(csvFiles(roster), async (context) => {
    const { client, profile } = context;
    const next = nextYear(roster, (id) => ['1002-01', '1002-05', '1002-08'].includes(id));
    for (const student of next.student.slice(0, 1)) student['Last Name'] = 'Corrected';
    const status = await client.sync(profile, csvFiles(next));
    assert.equal(status.status, 'validationError', status.statusMessage);
    assert.match(
      status.statusMessage,
      /ids of 3 of 3 changed classes again.*The rest of the plan was applied/u,
    );
    const { outcome, reasons } = await verdictOf(context);
    assert.deepEqual(
      [outcome, reasons.map(({ code, school }) => [code, school])],
      ['partlyHeld', [['reusedSections', '1002']]],
    );
    assert.deepEqual(await changesOf(client, profile), {
      academicSession: { created: 1 },
      student: { updated: 1 },
    });
  });
});

test('another course with other students is another class, too', async () => {
  const roster = contosoRoster();
  const isReused = (id: string): boolean => id.startsWith('1003-');
  await withSynced(csvFiles(roster), async (context) => {
    const { client, profile } = context;
    const next = { ...nextYear(roster, isReused), section: structuredClone(roster.section) };
    for (const row of next.section.filter((own) => isReused(String(own['SIS ID']))))
      Object.assign(row, { 'Course SIS ID': 'C900', 'Course Name': 'Chess', 'Course Number': '900' });
    const status = await client.sync(profile, csvFiles(next));
    assert.equal(status.status, 'validationError', status.statusMessage);
    assert.match(status.statusMessage, /ids of 8 of 8 changed classes again.*1003-01: course C1 to C900/u);
  });
});

test('what goes on, or begins anew, is not held', async () => {
  const roster = contosoRoster();
  const cases: readonly [name: string, next: () => SmallRoster][] = [
    ['a session with another id and the same people', () => inNextTerm(roster)],
    [
      'the same id, some of whose students are others',
      () => {
        const next = inNextTerm(roster);
        // Every class loses one of its 20 students in two, and no more than half.
        const seen = new Map<string, number>();
        const places = next.studentenrollment.splice(0);
        for (const row of places) {
          const id = String(row['Section SIS ID']);
          seen.set(id, (seen.get(id) ?? 0) + 1);
          if ((seen.get(id) ?? 0) > 10) next.studentenrollment.push(row);
        }
        return next;
      },
    ],
    [
      'other students, and other names, in the same session and course: a new timetable',
      () => ({
        ...nextYear(roster),
        section: roster.section.map((row) => ({ ...row, 'Section Name': `${row['Section Name']} B` })),
      }),
    ],
    [
      'new classes in a new session, with ids of their own',
      () => {
        const next = nextYear(roster);
        renameSections(next, '-27');
        return next;
      },
    ],
    [
      'two classes of a school, one of another: too few to ask',
      () => nextYear(roster, (id) => ['1001-01', '1001-02', '1003-08'].includes(id)),
    ],
  ];
  await withSynced(csvFiles(roster), async (context) => {
    const { client, profile } = context;
    for (const [name, next] of cases) {
      const status = await client.sync(profile, csvFiles(next()));
      assert.equal(status.status, 'success', `${name}: ${status.statusMessage}`);
      assert.notDeepEqual(await changesOf(client, profile), {}, name);
      const back = await client.sync(profile, csvFiles(roster));
      if (back.status !== 'success') {
        await client.ok('POST', `/api/v1/runs/${(await verdictOf(context)).run}/approve`, {});
        assert.equal((await client.settled(profile)).status, 'success');
      }
    }
  });
});

test("a class without students is nobody's: its id may be used again", async () => {
  const roster = contosoRoster();
  const next = nextYear(roster);
  const isEmpty = ({ 'Section SIS ID': id = '' }: Record<string, string>): boolean => id.startsWith('1001-');
  roster.studentenrollment.splice(0, Infinity, ...roster.studentenrollment.filter((row) => !isEmpty(row)));
  await withSynced(csvFiles(roster), async ({ client, profile }) => {
    const only = {
      ...next,
      section: roster.section.map(
        (row) =>
          (String(row['SIS ID']).startsWith('1001-')
            ? next.section.find((n) => n['SIS ID'] === row['SIS ID'])
            : row) ?? row,
      ),
      studentenrollment: [...roster.studentenrollment.slice(1), ...next.studentenrollment.filter(isEmpty)],
    };
    const status = await client.sync(profile, csvFiles(only));
    assert.equal(status.status, 'success', status.statusMessage);
    assert.deepEqual((await changesOf(client, profile))['class'], { updated: 8 });
  });
});

/** Objects and members: what must stay when classes are told apart by their sessions from now on. */
const MEMBERS = `select c.id, c.active, c.display_name as name, (select array_agg(e.person_id || ' ' || e.role || ' ' || e.active order by e.person_id, e.role)
    from enrollment e where e.class_id = c.id) as members from class c order by 1`;
const CLASSES = `select external_id as id, mail_nickname as nickname, display_name as name, active from class order by 1`;

async function anchor({ client, profile }: Context): Promise<void> {
  const settings = await client.ok<{ classAnchor: string }>('PATCH', `/api/v1/profiles/${profile}/settings`, {
    classAnchor: 'idAndSession',
  });
  assert.equal(settings.classAnchor, 'idAndSession');
}

for (const [format, filesOf] of [
  ['SDS V1', csvFiles],
  ['SDS V2.1', toV21],
] as const)
  test(`${format}: told apart by their sessions, classes of today stay and those of next year are new`, async () => {
    const roster = contosoRoster();
    const next = nextYear(roster);
    await withSynced(filesOf(roster), async (context) => {
      const { rollbook, client, profile } = context;
      const syncs = async (files: Files, expected: object): Promise<void> => {
        const status = await client.sync(profile, files);
        assert.equal(status.status, 'success', status.statusMessage);
        assert.deepEqual(await changesOf(client, profile), expected);
      };
      const before = await rollbook.rows(MEMBERS);
      // In summer: next year's files are held, and the setting is what the message says.
      assert.equal((await client.sync(profile, filesOf(next))).status, 'validationError');
      await anchor(context);
      assert.deepEqual(await rollbook.rows(MEMBERS), before);
      // The same files: nobody is new, nobody goes. Mail nicknames are those of the new ids.
      await syncs(filesOf(roster), { class: { updated: 24 } });
      assert.deepEqual(await rollbook.rows(MEMBERS), before);
      assert.deepEqual((await rollbook.rows(CLASSES))[0], {
        id: '1001-01@Y2026',
        nickname: 'Section_1001-01_Y2026',
        name: 'Mathematics A',
        active: true,
      });
      await syncs(filesOf(roster), {});
      // Next year: the same ids are other classes.
      await syncs(filesOf(next), {
        academicSession: { created: 1, ended: 1 },
        class: { created: 24, ended: 24 },
        enrollment: { created: 504, ended: 504 },
      });
      const classes = await rollbook.rows(CLASSES);
      assert.deepEqual(classes.slice(0, 2), [
        { id: '1001-01@Y2026', nickname: 'Section_1001-01_Y2026', name: 'Mathematics A', active: false },
        { id: '1001-01@Y2027', nickname: 'Section_1001-01_Y2027', name: 'Mathematics A', active: true },
      ]);
      const old = new Set(before.map(({ id }) => id));
      const ended = (await rollbook.rows(MEMBERS)).filter(({ id }) => old.has(id));
      assert.deepEqual(
        ended,
        before.map((row) => ({
          ...row,
          active: false,
          members: (row['members'] as string[]).map((member) => member.replace(/true$/u, 'false')),
        })),
        'last year is there as it was, ended',
      );
      const { value } = await client.ok<{ value: { externalId: string }[] }>(
        'GET',
        `/v1.0/education/classes?$filter=externalId eq '1001-01@Y2027'`,
      );
      assert.equal(value.length, 1);
      await syncs(filesOf(next), {});
      // Too early: last year's files bring last year back, with its ids and members.
      await syncs(filesOf(roster), {
        academicSession: { reactivated: 1, ended: 1 },
        class: { reactivated: 24, ended: 24 },
        enrollment: { reactivated: 504, ended: 504 },
      });
      const now = (await rollbook.rows(MEMBERS)).filter(({ id }) => old.has(id));
      assert.deepEqual(now, before);
    });
  });

test('bad rows end nothing where classes are told apart by their sessions', async () => {
  const roster = contosoRoster();
  const v1 = csvFiles(roster);
  const v21 = toV21(roster);
  for (const [files, faults] of [
    [
      v1,
      [
        ['Section.csv', '1001-01,1001,Mathematics A', '1001-01,1001,'],
        ['Section.csv', '1001-01,1001,Mathematics A,', '1001-01,1001,Mathematics A,,'],
        ['Section.csv', '1001-01,1001', ',1001'],
        ['Section.csv', '1001-01,1001,Mathematics A', '1001-01,1001,"Mathematics A'],
        ['StudentEnrollment.csv', '1001-01,30001', '1001-01,30001,'],
        ['Student.csv', '30001,1001,Ada', '30001,nowhere,Ada'],
        ['Teacher.csv', 'T201,1001,Dara', 'T201,nowhere,Dara'],
      ],
    ],
    [
      v21,
      [
        ['classes.csv', '1001-01,1001,Mathematics A', '1001-01,1001,'],
        ['classes.csv', '1001-01,1001,Mathematics A', '1001-01,1001,"Mathematics A'],
        ['academicSessions.csv', 'Y2026,School year 2026/27', 'Y2026,'],
        ['academicSessions.csv', 'Y2026,School year 2026/27', ',School year 2026/27'],
        ['academicSessions.csv', 'Y2026,School year 2026/27', 'Y2026,"School year 2026/27'],
      ],
    ],
  ] as const)
    await withSynced(
      files,
      async (context) => {
        const { rollbook, client, profile } = context;
        await anchor(context);
        assert.equal((await client.sync(profile, files)).status, 'success');
        const before = await rollbook.rows(PLACES);
        assert.ok(before.length > 480);
        for (const [name, from, to] of faults) {
          const text = String(files[name]);
          assert.ok(text.includes(from), `${name} ${from}`);
          const status = await client.sync(profile, { ...files, [name]: text.replace(from, to) });
          assert.equal(status.status, 'error', `${name} ${to}: ${status.statusMessage}`);
          const ended = Object.values(await changesOf(client, profile)).map((kind) => kind['ended'] ?? 0);
          assert.deepEqual(
            ended.filter((count) => count > 0),
            [],
            `${name} ${to}`,
          );
          assert.deepEqual(await rollbook.rows(PLACES), before, `${name} ${to}`);
        }
        assert.equal((await client.sync(profile, files)).status, 'success');
        assert.deepEqual(await rollbook.rows(PLACES), before);
      },
      { ...NO_LIMITS, tolerance: { percent: 100, count: 1_000 } },
    );
});

test('the anchor of classes: known before the first run, kept with the links, no way back', async () => {
  const roster = contosoRoster();
  for (const row of roster.section.slice(0, 2)) Object.assign(row, { 'Term SIS ID': '', 'Term Name': '' });
  const rollbook = await startTestRollbook();
  try {
    const client = syncClient(rollbook);
    const profile = await client.createProfile({ displayName: 'Anchored' });
    const path = `/api/v1/profiles/${profile}/settings`;
    assert.equal((await client.ok<{ classAnchor: string }>('GET', path)).classAnchor, 'id');
    for (const classAnchor of ['session', 1, null]) {
      const refused = await client.call<{ error: { message: string } }>('PATCH', path, { classAnchor });
      assert.equal(refused.status, 400);
      assert.match(refused.body.error.message, /classAnchor: Use one of id, idAndSession/u);
    }
    await anchor({ rollbook, client, profile });
    assert.equal((await client.sync(profile, csvFiles(roster))).status, 'success');
    assert.deepEqual(
      (await rollbook.rows(CLASSES)).slice(0, 3).map(({ id, nickname }) => [id, nickname]),
      [
        ['1001-01', 'Section_1001-01'],
        ['1001-02', 'Section_1001-02'],
        ['1001-03@Y2026', 'Section_1001-03_Y2026'],
      ],
      'a section without a session has its id alone',
    );
    const back = await client.call<{ error: { message: string } }>('PATCH', path, { classAnchor: 'id' });
    assert.equal(back.status, 400);
    assert.match(back.body.error.message, /cannot be taken back/u);
    // Who goes on with the links goes on with what they are made of.
    const before = await rollbook.rows(MEMBERS);
    await client.ok('DELETE', `/beta/education/synchronizationProfiles/${profile}`);
    const heir = await client.createProfile({ displayName: 'Anchored' });
    const settings = await client.ok<{ classAnchor: string }>('GET', `/api/v1/profiles/${heir}/settings`);
    assert.equal(settings.classAnchor, 'idAndSession');
    assert.equal((await client.sync(heir, csvFiles(roster))).status, 'success');
    assert.deepEqual(await changesOf(client, heir), {});
    assert.deepEqual(await rollbook.rows(MEMBERS), before);
  } finally {
    await rollbook.stop();
  }
});
