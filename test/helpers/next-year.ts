import assert from 'node:assert/strict';

import { makeExamples } from '../../scripts/make-examples.ts';
import { rowsOf, toV21Format, withoutColumns, withTwoDigitGrades } from './other-formats.ts';
import { startTestRollbook, type TestRollbook } from './rollbook.ts';
import { copyOf, csvFiles, type Row, type SmallRoster } from './small-roster.ts';
import { type SyncClient, syncClient } from './sync-client.ts';

type Files = Readonly<Record<string, string>>;

/** The roster of examples/contoso (SDS V1): 3 schools with 8 classes of 20 students each, half of the students of the school. */
export function contosoRoster(): SmallRoster {
  const { contoso } = makeExamples();
  return Object.fromEntries(
    Object.entries(contoso).map(([name, text]) => [name.toLowerCase().replace('.csv', ''), rowsOf(text)]),
  ) as unknown as SmallRoster;
}

const NEXT_TERM = {
  'Term SIS ID': 'Y2027',
  'Term Name': 'School year 2027/28',
  'Term StartDate': '2027-08-16',
  'Term EndDate': '2028-06-09',
};

/** The same ids of sections, in the next term, with the other half of the students. `classes`: those of which it is so; all others stay. */
export function nextYear(roster: SmallRoster, classes: (id: string) => boolean = () => true): SmallRoster {
  const next = inNextTerm(roster, classes);
  const places = next.studentenrollment.splice(0);
  const isIn = new Set(places.map((row) => `${row['Section SIS ID']} ${row['SIS ID']}`));
  for (const section of next.section) {
    const id = String(section['SIS ID']);
    const students = next.student.filter((row) => row['School SIS ID'] === section['School SIS ID']);
    for (const { 'SIS ID': student = '' } of students)
      if (isIn.has(`${id} ${student}`) !== classes(id))
        next.studentenrollment.push({ 'Section SIS ID': id, 'SIS ID': student });
  }
  return next;
}

/** Classes go on in the next term, with everybody. */
export function inNextTerm(
  roster: SmallRoster,
  classes: (id: string) => boolean = () => true,
  term: Row = NEXT_TERM,
): SmallRoster {
  const next = copyOf(roster);
  for (const section of next.section) if (classes(String(section['SIS ID']))) Object.assign(section, term);
  return next;
}

/** SDS V2.1 of it: columns that it has not are left out. */
export const toV21 = (roster: SmallRoster): Files =>
  toV21Format(withTwoDigitGrades(withoutColumns(csvFiles(roster), ['Course Subject', 'Status'])));

/** Every limit on counts out of the way: what is held is held by what is tested. */
export const NO_LIMITS = {
  deactivationLimit: { percent: 100, count: 100_000 },
  limits: ['create', 'update', 'deactivate', 'move'].flatMap((action) =>
    ['plan', 'school'].map((scope) => ({ scope, action, percent: 100, count: 100_000 })),
  ),
};
/** Who is in which class. */
export const PLACES = `select c.external_id || ' ' || coalesce(p.student_external_id, p.teacher_external_id) || ' ' || e.role as place
  from enrollment e join class c on c.id = e.class_id join person p on p.id = e.person_id where e.active and c.active order by 1`;

export interface YearContext {
  readonly rollbook: TestRollbook;
  readonly client: SyncClient;
  readonly profile: string;
}

/** A Rollbook with a profile whose files are in. */
export async function withSynced(
  files: Files,
  work: (context: YearContext) => Promise<void>,
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
