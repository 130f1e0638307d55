/** The new school year: an information system that uses the ids of its sections again, and one that does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { renameSections } from '#test/helpers/authority-under-test.ts';
import {
  contosoRoster,
  inNextTerm,
  nextYear,
  PLACES,
  toV21,
  withSynced,
  type YearContext,
} from '#test/helpers/next-year.ts';
import { csvFiles, type SmallRoster } from '#test/helpers/small-roster.ts';
import { changesOf } from '#test/helpers/sync-client.ts';

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

async function verdictOf({ client, profile }: YearContext): Promise<PlanAnswer['verdict'] & { run: string }> {
  const { id } = await client.latestRun(profile);
  return { ...(await client.ok<PlanAnswer>('GET', `/api/v1/runs/${id}/plan`)).verdict, run: id };
}

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
