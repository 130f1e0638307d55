/** Classes that are told apart by their sessions: those of today stay, those of next year are new ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  contosoRoster,
  nextYear,
  NO_LIMITS,
  PLACES,
  toV21,
  withSynced,
  type YearContext,
} from '#test/helpers/next-year.ts';
import { toCleverFormat, withoutColumns } from '#test/helpers/other-formats.ts';
import { startTestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles } from '#test/helpers/small-roster.ts';
import { changesOf, syncClient } from '#test/helpers/sync-client.ts';

type Files = Readonly<Record<string, string>>;

/** Objects and members: what must stay when classes are told apart by their sessions from now on. */
const MEMBERS = `select c.id, c.active, c.display_name as name, (select array_agg(e.person_id || ' ' || e.role || ' ' || e.active order by e.person_id, e.role)
    from enrollment e where e.class_id = c.id) as members from class c order by 1`;
const CLASSES = `select external_id as id, mail_nickname as nickname, display_name as name, active from class order by 1`;

async function anchor({ client, profile }: YearContext): Promise<void> {
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
      const [judged] = await rollbook.rows(
        'select sum(judged_count)::integer as items from plan_count where run_id = $1',
        [(await client.latestRun(profile)).id],
      );
      assert.equal(judged?.['items'], 0, 'no limit asks because of it');
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
  // Teachers stand in the rows of sections, and terms have names alone.
  const clever = toCleverFormat(withoutColumns(v1, ['Status', 'Country', 'Term SIS ID', 'Course SIS ID']));
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
    [
      clever,
      [
        ['teachers.csv', '1001,T201,T201', 'nowhere,T201,T201'],
        ['sections.csv', '1001,1001-01,T201', 'nowhere,1001-01,T201'],
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
          // What hangs on a class that could not be read waits for it, and is no error of its own.
          if (/^(?:section|classes)/iu.test(name) && !to.includes('nowhere'))
            assert.deepEqual(
              await rollbook.rows(
                `select code from finding_count where run_id = $1 and code = 'REFERENCE_NOT_FOUND'`,
                [(await client.latestRun(profile)).id],
              ),
              [],
              `${name} ${to}`,
            );
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
