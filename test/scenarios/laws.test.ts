/**
 * Laws of syncing over random histories of a small roster: after every sync the directory is what a simple model says, whatever
 * the order of rows and whether the snapshot was there; the same files once more change nothing.
 * ROLLBOOK_HISTORIES: how many (25); ROLLBOOK_SEED repeats one.
 */
import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import * as fc from 'fast-check';

import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, type Row, type SmallRoster } from '#test/helpers/small-roster.ts';
import { changesOf, type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const HISTORIES = Number(process.env['ROLLBOOK_HISTORIES'] ?? '25');
const SEED = Number(process.env['ROLLBOOK_SEED'] ?? String(Date.now() % 1_000_000));
/** A history takes seconds; on a loaded machine many. */
const TIME_LIMIT_MS = 300_000 + HISTORIES * 10_000;

const PUPILS = 6;
const SECTIONS = 3;

/** A pupil on one day. `bad`: the row lacks a required value, so that it is dropped. */
interface PupilDay {
  readonly row: 'absent' | 'good' | 'bad';
  readonly school: 1 | 2;
  readonly name: number;
  /** One for each section. */
  readonly sections: readonly boolean[];
}
interface Day {
  readonly pupils: readonly PupilDay[];
  readonly sections: readonly { readonly there: boolean; readonly name: number }[];
  readonly withoutSnapshot: boolean;
  readonly reversed: boolean;
}

const pupilDay = fc.record<PupilDay>({
  row: fc.oneof(
    { weight: 4, arbitrary: fc.constant<PupilDay['row']>('good') },
    fc.constant<PupilDay['row']>('absent'),
    fc.constant<PupilDay['row']>('bad'),
  ),
  school: fc.constantFrom(1, 2),
  name: fc.integer({ min: 1, max: 2 }),
  sections: fc.array(fc.boolean(), { minLength: SECTIONS, maxLength: SECTIONS }),
});
const day = fc.record<Day>({
  pupils: fc.array(pupilDay, { minLength: PUPILS, maxLength: PUPILS }),
  sections: fc.array(
    fc.record({
      there: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
      name: fc.integer({ min: 1, max: 2 }),
    }),
    { minLength: SECTIONS, maxLength: SECTIONS },
  ),
  withoutSnapshot: fc.boolean(),
  reversed: fc.boolean(),
});

/** What is active: pupils and sections with their names, roles as `pupil/school`, enrollments as `section/pupil`. */
interface Model {
  readonly pupils: Map<string, string>;
  readonly roles: Set<string>;
  readonly sections: Map<string, string>;
  readonly enrollments: Set<string>;
}

const emptyModel = (): Model => ({
  pupils: new Map(),
  roles: new Set(),
  sections: new Map(),
  enrollments: new Set(),
});

/**
 * A bad row leaves the pupil, and what hangs on the pupil and is in the files, as they were. If it names another school than before,
 * nobody knows which roles it meant: then none is ended that day.
 */
function nextModel(before: Model, { pupils, sections }: Day): Model {
  const model = emptyModel();
  for (const [index, { there, name }] of sections.entries())
    if (there) model.sections.set(`C${index}`, `Class ${index} ${name}`);
  for (const [index, pupil] of pupils.entries()) {
    const id = `P${index}`;
    const last = before.pupils.get(id);
    const role = `${id}/S${pupil.school}`;
    if (pupil.row === 'good') {
      model.pupils.set(id, `Name${pupil.name}`);
      model.roles.add(role);
    } else if (pupil.row === 'bad' && last !== undefined) {
      model.pupils.set(id, last);
      if (before.roles.has(role)) model.roles.add(role);
      else for (const spared of before.roles) model.roles.add(spared);
    }
    for (const [section, isIn] of pupil.sections.entries()) {
      const enrollment = `C${section}/${id}`;
      if (!isIn || pupil.row === 'absent' || sections[section]?.there !== true) continue;
      if (pupil.row === 'good' || before.enrollments.has(enrollment)) model.enrollments.add(enrollment);
    }
  }
  return model;
}

/** An anchor in each file, which never changes: a file without rows would be held. */
function rosterOf(prefix: string, { pupils, sections, reversed }: Day): SmallRoster {
  const roster: SmallRoster = {
    school: ['S1', 'S2'].map((id) => ({ 'SIS ID': prefix + id, Name: id })),
    section: [{ 'SIS ID': `${prefix}C9`, 'School SIS ID': `${prefix}S1`, 'Section Name': 'Anchor' }],
    student: [pupilRow(prefix, 'P9', 'S1', 'Anchor')],
    teacher: [{ ...pupilRow(prefix, 'T9', 'S1', 'Anchor'), Username: `${prefix}t9` }],
    studentenrollment: [{ 'Section SIS ID': `${prefix}C9`, 'SIS ID': `${prefix}P9` }],
    teacherroster: [{ 'Section SIS ID': `${prefix}C9`, 'SIS ID': `${prefix}T9` }],
  };
  for (const [index, { there, name }] of sections.entries())
    if (there)
      roster.section.push({
        'SIS ID': `${prefix}C${index}`,
        'School SIS ID': `${prefix}S1`,
        'Section Name': `Class ${index} ${name}`,
      });
  for (const [index, pupil] of pupils.entries()) {
    if (pupil.row === 'absent') continue;
    const name = pupil.row === 'bad' ? '' : `Name${pupil.name}`;
    roster.student.push(pupilRow(prefix, `P${index}`, `S${pupil.school}`, name));
    for (const [section, isIn] of pupil.sections.entries())
      if (isIn && sections[section]?.there === true)
        roster.studentenrollment.push({
          'Section SIS ID': `${prefix}C${section}`,
          'SIS ID': `${prefix}P${index}`,
        });
  }
  if (reversed) for (const rows of Object.values(roster) as Row[][]) rows.reverse();
  return roster;
}

function pupilRow(prefix: string, id: string, school: string, name: string): Row {
  return {
    'SIS ID': prefix + id,
    'School SIS ID': prefix + school,
    'First Name': name,
    'Last Name': 'Law',
    Username: `${prefix}${id}`.toLowerCase(),
    Password: 'Start#2026',
  };
}

let rollbook: TestRollbook;
let client: SyncClient;
before(async () => {
  rollbook = await startTestRollbook();
  client = syncClient(rollbook);
});
after(() => rollbook.stop());

async function readModel(prefix: string): Promise<Model> {
  const short = (value: unknown): string => String(value).replace(prefix, '');
  const values = [`${prefix}%`];
  const pupils = await rollbook.rows(
    'select student_external_id as id, given_name as name from person where student_external_id like $1 and active',
    values,
  );
  const roles = await rollbook.rows(
    `select p.student_external_id as pupil, o.external_id as school
       from role r join person p on p.id = r.person_id join org o on o.id = r.org_id
      where p.student_external_id like $1 and r.active`,
    values,
  );
  const sections = await rollbook.rows(
    'select external_id as id, display_name as name from class where external_id like $1 and active',
    values,
  );
  const enrollments = await rollbook.rows(
    `select c.external_id as section, p.student_external_id as pupil from enrollment e
       join class c on c.id = e.class_id join person p on p.id = e.person_id
      where c.external_id like $1 and e.active and e.role = 'student'`,
    values,
  );
  return {
    pupils: new Map(
      pupils.filter(({ id }) => short(id) !== 'P9').map(({ id, name }) => [short(id), String(name)]),
    ),
    roles: new Set(
      roles
        .filter(({ pupil }) => short(pupil) !== 'P9')
        .map(({ pupil, school }) => `${short(pupil)}/${short(school)}`),
    ),
    sections: new Map(
      sections.filter(({ id }) => short(id) !== 'C9').map(({ id, name }) => [short(id), String(name)]),
    ),
    enrollments: new Set(
      enrollments
        .filter(({ pupil }) => short(pupil) !== 'P9')
        .map(({ section, pupil }) => `${short(section)}/${short(pupil)}`),
    ),
  };
}

const sorted = (model: Model): unknown => ({
  pupils: [...model.pupils].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  roles: [...model.roles].toSorted(),
  sections: [...model.sections].toSorted(([a], [b]) => (a < b ? -1 : 1)),
  enrollments: [...model.enrollments].toSorted(),
});

test(`${HISTORIES} histories: the directory follows the model day by day (seed ${SEED})`, async () => {
  let made = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(day, { minLength: 2, maxLength: 5 }), async (days) => {
      made += 1;
      const prefix = `h${made}-`;
      const profile = await client.createProfile({ displayName: `History ${made}` });
      // Schools so small that most changes are of more than half of them.
      await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, { applyPolicy: 'atOnce' });
      let model = emptyModel();
      for (const [number, today] of days.entries()) {
        if (today.withoutSnapshot)
          await rm(join(rollbook.dataDir, 'snapshots'), { recursive: true, force: true });
        const bad = today.pupils.filter(({ row }) => row === 'bad').length;
        const files = csvFiles(rosterOf(prefix, today));
        const end = await client.sync(profile, files);
        model = nextModel(model, today);
        assert.deepEqual(sorted(await readModel(prefix)), sorted(model), `day ${number + 1}`);
        assert.equal(end.status, bad === 0 ? 'success' : 'error', end.statusMessage);
        assert.equal(end.errorCount, bad);
      }
      const last = days.at(-1);
      assert.ok(last !== undefined);
      for (const reversed of [last.reversed, !last.reversed]) {
        await client.sync(profile, csvFiles(rosterOf(prefix, { ...last, reversed })));
        assert.deepEqual(await changesOf(client, profile), {}, 'the same rows change nothing');
        await rm(join(rollbook.dataDir, 'snapshots'), { recursive: true, force: true });
      }
    }),
    { numRuns: HISTORIES, seed: SEED, interruptAfterTimeLimit: TIME_LIMIT_MS, markInterruptAsFailure: true },
  );
});
