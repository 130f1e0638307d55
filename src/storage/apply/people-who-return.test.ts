/** People whom one source after the other states, or who come back as something else: what is known of them is what is stated now. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { inTenant } from '#storage/database.ts';
import { type TestDatabase, testDatabase } from '#test/helpers/database.ts';
import { addSourceSystem, planAndApply, type TestItem } from '#test/helpers/plan-and-apply.ts';

type Source = Awaited<ReturnType<typeof addSourceSystem>>;
type Action = TestItem['action'];

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

const source = (): Promise<Source> => addSourceSystem(database.db, database.tenantId);

/** Everybody of a test has the user name `name`. */
function bench(name: string): {
  apply: (of: Source, ...items: TestItem[]) => Promise<void>;
  item: (kind: 'student' | 'teacher', action: Action, id: string, more?: Record<string, unknown>) => TestItem;
  read: () => Promise<unknown>;
} {
  return {
    async apply(of, ...items) {
      const { failures } = await planAndApply(database.db, database.tenantId, of, items, {
        linkByUserName: true,
      });
      assert.deepEqual(failures, []);
    },
    item: (kind, action, id, more = {}) => ({
      kind,
      action,
      id: `${name}-${id}`,
      after: { userPrincipalName: `${name}@x.example`, givenName: 'Ada', surname: 'Byron', ...more },
    }),
    async read() {
      const [person] = await inTenant(database.db, database.tenantId, (tx) =>
        tx.query<Record<string, string | boolean | null>>(
          `select p.display_name as name, p.surname, p.primary_role as role, p.student_external_id as student, p.student_number as "studentNumber",
                  p.grade, p.teacher_external_id as teacher, p.teacher_number as "teacherNumber", p.attributes ->> 'title' as title, p.active
             from person p join account a on a.person_id = p.id where a.user_name = $1`,
          [`${name}@x.example`],
        ),
      );
      return Object.fromEntries(
        Object.entries(person ?? {}).filter(([, value]) => value !== null && value !== true),
      );
    },
  };
}

test('whose source let go, and whom another one states now, is what that one says, today and when it changes', async () => {
  const { apply, item, read } = bench('moves');
  const [first, second] = [await source(), await source()];
  await apply(first, item('student', 'create', '1', { number: '11', grade: '5', title: 'Lady' }));
  await apply(first, item('student', 'end', '1'));
  await apply(second, item('student', 'create', '2', { surname: 'King', grade: '6' }));
  const there = { name: 'Ada King', surname: 'King', role: 'student', student: 'moves-2', grade: '6' };
  assert.deepEqual(await read(), there);
  await apply(second, item('student', 'update', '2', { surname: 'Lovelace', grade: '6', title: 'Countess' }));
  assert.deepEqual(await read(), { ...there, name: 'Ada Lovelace', surname: 'Lovelace', title: 'Countess' });
});

test('names are those of the source that has the person now, as far as it says them', async () => {
  const { apply, item } = bench('names');
  const [first, second, third] = [await source(), await source(), await source()];
  const names = async (): Promise<(string | null)[]> => {
    const rows = await inTenant(database.db, database.tenantId, (tx) =>
      tx.query<Record<string, string | null>>(
        `select p.display_name, p.given_name, p.middle_name, p.surname from person p join account a on a.person_id = p.id
          where a.user_name = 'names@x.example'`,
      ),
    );
    return rows.flatMap((row) => Object.values(row));
  };
  const said = (givenName: string | null, middleName: string | null, surname: string | null) => ({
    givenName,
    middleName,
    surname,
  });
  await apply(first, item('student', 'create', '1', said('Ada', 'A', 'Byron')));
  await apply(second, item('student', 'create', '2', said('Augusta', 'C', 'Lovelace')));
  await apply(second, item('student', 'update', '2', said('Augusta', 'B', 'King')));
  assert.deepEqual(await names(), ['Ada Byron', 'Ada', 'A', 'Byron'], 'as long as the first one says so');
  await apply(first, item('student', 'end', '1'));
  assert.deepEqual(await names(), ['Augusta King', 'Augusta', 'B', 'King']);
  await apply(second, item('student', 'end', '2'));
  await apply(third, item('student', 'create', '3', said(null, null, null)));
  assert.deepEqual(await names(), ['Augusta King', 'Augusta', null, 'King'], 'everybody has the two');
  await apply(third, item('student', 'end', '3'));
  await apply(first, item('student', 'create', '1', said('Ada', 'A', 'Byron')));
  assert.deepEqual(await names(), ['Ada Byron', 'Ada', 'A', 'Byron']);
  await apply(first, item('student', 'end', '1'));
  await apply(third, item('student', 'create', '3', said('Lady', null, null)));
  assert.deepEqual((await names()).slice(1), ['Lady', null, 'Byron']);
});

test('who comes back to a source after another one had them is what it says now', async () => {
  const { apply, item, read } = bench('returns');
  const [first, second] = [await source(), await source()];
  await apply(first, item('student', 'create', '1'));
  await apply(second, item('student', 'create', '2', { surname: 'King' }));
  await apply(first, item('student', 'end', '1'));
  assert.deepEqual(await read(), {
    name: 'Ada King',
    surname: 'King',
    role: 'student',
    student: 'returns-2',
  });
  await apply(second, item('student', 'end', '2'));
  await apply(first, item('student', 'create', '1'));
  const back = { name: 'Ada Byron', surname: 'Byron', role: 'student', student: 'returns-1' };
  assert.deepEqual(await read(), back);
  await apply(first, item('student', 'update', '1', { surname: 'Milbanke' }));
  assert.deepEqual(await read(), { ...back, name: 'Ada Milbanke', surname: 'Milbanke' });
});

test('of two sources of a student the one that is left says id, number and grade', async () => {
  const { apply, item, read } = bench('two');
  const [first, second] = [await source(), await source()];
  await apply(first, item('student', 'create', '1', { number: '11', grade: '5' }));
  await apply(second, item('student', 'create', '2', { number: '22', grade: '6' }));
  await apply(second, item('student', 'end', '2'));
  assert.deepEqual(await read(), {
    name: 'Ada Byron',
    surname: 'Byron',
    role: 'student',
    student: 'two-1',
    studentNumber: '11',
    grade: '5',
  });
});

test('what a source alone said of somebody goes with it, and what it says is back with it', async () => {
  const { apply, item, read } = bench('alone');
  const [first, second] = [await source(), await source()];
  await apply(first, item('student', 'create', '1'));
  await apply(second, item('student', 'create', '2', { title: 'Lady', number: '22' }));
  await apply(second, item('student', 'end', '2'));
  const here = { name: 'Ada Byron', surname: 'Byron', role: 'student', student: 'alone-1' };
  assert.deepEqual(await read(), here);
  await apply(first, item('student', 'update', '1', { number: '11' }));
  await apply(first, item('student', 'end', '1'));
  await apply(second, item('student', 'create', '2', { title: 'Lady', number: '22' }));
  assert.deepEqual(await read(), { ...here, student: 'alone-2', studentNumber: '22', title: 'Lady' });
});

test('who was made by hand keeps the name of then, whichever source lets go, comes or comes back', async () => {
  const { apply, item } = bench('made');
  const [first, second, third] = [await source(), await source(), await source()];
  const query = (sql: string): Promise<unknown[]> =>
    inTenant(database.db, database.tenantId, (tx) => tx.query(sql));
  const id = '00000000-0000-7000-8000-0000000000f2';
  await query(`insert into person (tenant_id, id, display_name, given_name, surname, external_source, change_seq)
    values (current_tenant(), '${id}', 'By hand', 'Hand', 'Made', 'manual', 0)`);
  await query(`insert into account (tenant_id, id, person_id, user_name, mail, change_seq)
    values (current_tenant(), '${id}', '${id}', 'made@x.example', 'made@x.example', 0)`);
  const steps: readonly [Source, TestItem][] = [
    [first, item('student', 'create', '1')],
    [second, item('student', 'create', '2', { surname: 'King' })],
    [first, item('student', 'end', '1')],
    [second, item('student', 'end', '2')],
    [first, item('student', 'create', '1')],
    [first, item('student', 'end', '1')],
    [third, item('student', 'create', '3', { givenName: 'Augusta' })],
  ];
  for (const [place, [of, step]] of steps.entries()) {
    await apply(of, step);
    assert.deepEqual(
      await query(`select display_name, given_name, surname, active from person where id = '${id}'`),
      [{ display_name: 'By hand', given_name: 'Hand', surname: 'Made', active: true }],
      `after step ${place}`,
    );
  }
});

test('of those that are left the next owner is heard before others, and what is not for everybody stays where it is kept', async () => {
  const { apply, item } = bench('heir');
  const [first, second, third] = [await source(), await source(), await source()];
  const birthDate = '2010-01-01';
  await apply(first, item('student', 'create', '1', { title: 'Lady', birthDate }));
  await apply(second, item('student', 'create', '2', { title: 'Countess', birthDate, grade: '5' }));
  await apply(third, item('student', 'create', '3', { title: 'Madam', phone: '3' }));
  await apply(first, item('student', 'end', '1'));
  const [person] = await inTenant(database.db, database.tenantId, (tx) =>
    tx.query<{ attributes: unknown }>(
      `select p.attributes from person p join account a on a.person_id = p.id where a.user_name = 'heir@x.example'`,
    ),
  );
  assert.deepEqual(person?.attributes, { title: 'Countess', phone: '3' });
});

test('who was both, was one for a while and is both again has both numbers', async () => {
  const { apply, item, read } = bench('both');
  const one = await source();
  await apply(one, item('student', 'create', '1', { number: '11', grade: '5' }));
  await apply(one, item('teacher', 'create', '1', { number: 't1' }));
  const both = await read();
  await apply(one, item('student', 'end', '1'));
  assert.deepEqual(await read(), {
    name: 'Ada Byron',
    surname: 'Byron',
    role: 'teacher',
    grade: '5',
    teacher: 'both-1',
    teacherNumber: 't1',
  });
  await apply(one, item('student', 'create', '1', { number: '11', grade: '5' }));
  assert.deepEqual(await read(), both);
});

for (const known of [false, true])
  test(`who left as staff and comes back as a pupil is a pupil alone${known ? ', also who was both' : ''}`, async () => {
    const name = known ? 'again-both' : 'again';
    const { apply, item, read } = bench(name);
    const one = await source();
    const staff = item('teacher', 'create', 't', { number: 't1' });
    const pupil = item('student', 'create', 'p', { number: '11' });
    if (known) await apply(one, pupil);
    await apply(one, staff);
    await apply(one, ...(known ? [item('student', 'end', 'p')] : []), item('teacher', 'end', 't'));
    await apply(one, pupil);
    const expected = { name: 'Ada Byron', surname: 'Byron', role: 'student' };
    assert.deepEqual(await read(), { ...expected, student: `${name}-p`, studentNumber: '11' });
    await apply(one, item('student', 'end', 'p'));
    await apply(one, staff);
    assert.deepEqual(await read(), {
      ...expected,
      role: 'teacher',
      teacher: `${name}-t`,
      teacherNumber: 't1',
    });
  });

/**
 * `first 2010-01-01 female`: what a source says of the person, as a pupil; `staff ...`: the first source, as staff; `hand ...`: somebody by hand. `-`: nothing.
 * `first ends`: it names the person no more.
 */
const lives: readonly [name: string, steps: readonly string[], expected: string, oneIdEach?: true][] = [
  [
    'another source, after the first let go, says all there is',
    ['first 2010-01-01 female', 'first ends', 'second 2010-02-02 -'],
    '2010-02-02 -',
  ],
  [
    'another source beside the first that says nothing takes nothing',
    ['first 2010-01-01 female', 'second - -'],
    '2010-01-01 female',
  ],
  [
    'another source beside the first takes nothing either where each user has one id',
    ['first 2010-01-01 female', 'second - -'],
    '2010-01-01 female',
    true,
  ],
  [
    'a pupil who is staff under another id: the record of staff that says nothing takes nothing',
    ['first 2010-01-01 female', 'staff - -'],
    '2010-01-01 female',
  ],
  [
    'of two sources the one that is left says it',
    ['first 2010-01-01 female', 'second 2010-02-02 male', 'second ends'],
    '2010-01-01 female',
  ],
  [
    'of two sources that say the same one is left: what was set by hand stays',
    ['first 2010-01-01 female', 'second 2010-01-01 female', 'hand 2009-09-09 other', 'first ends'],
    '2009-09-09 other',
  ],
  [
    'of two sources the one that is left says nothing: it stays, as the grade does',
    ['first 2010-01-01 -', 'second - male', 'first ends'],
    '2010-01-01 male',
  ],
  [
    'the source says another birth date: the sex stays as it was set by hand',
    ['first 2010-01-01 male', 'hand 2010-01-01 other', 'first 2010-02-02 male'],
    '2010-02-02 other',
  ],
  [
    'the source says another sex: the birth date stays as it was set by hand',
    ['first 2010-01-01 male', 'hand 2009-09-09 male', 'first 2010-01-01 female'],
    '2009-09-09 female',
  ],
  [
    'a source that has the person back says what it always said',
    [
      'first 2010-01-01 female',
      'second 2010-02-02 -',
      'first ends',
      'second ends',
      'first 2010-01-01 female',
    ],
    '2010-01-01 female',
  ],
  [
    'of two that let go, the last one is what a third differs from',
    ['first 2010-01-01 -', 'second 2010-02-02 -', 'first ends', 'second ends', 'third 2010-01-01 -'],
    '2010-01-01 -',
  ],
  [
    'a source that let go last and says the same again changes nothing that was set by hand',
    [
      'first 2010-01-01 male',
      'second - -',
      'second ends',
      'first ends',
      'hand 2009-09-09 other',
      'first 2010-01-01 male',
    ],
    '2009-09-09 other',
  ],
  [
    'a pupil who is staff, too, where each user has one id: the same is said, and what was set by hand stays',
    ['first 1990-01-01 male', 'hand 1989-09-09 other', 'staff 1990-01-01 male'],
    '1989-09-09 other',
    true,
  ],
  [
    'a pupil who is staff, too, where each user has one id: what is said otherwise now',
    ['first 1990-01-01 male', 'hand 1989-09-09 other', 'staff 1990-02-02 -'],
    '1990-02-02 -',
    true,
  ],
  [
    'a pupil again, who was staff meanwhile and got another birth date as that',
    [
      'first 1990-01-01 -',
      'staff 1990-01-01 -',
      'first ends',
      'staff 1990-02-02 -',
      'hand 1989-09-09 -',
      'first 1990-02-02 -',
    ],
    '1989-09-09 -',
    true,
  ],
];
for (const sameId of [false, true])
  for (const [index, [name, steps, expected, oneIdEach = false]] of lives.entries())
    test(`birth date and sex${sameId ? ', one id in all sources' : ''}: ${name}`, async () => {
      const user = `born${index}${sameId ? 's' : ''}`;
      const { apply, item } = bench(user);
      const sources = new Map<string, Source>();
      const ofPerson = `(select person_id from account where user_name = '${user}@x.example')`;
      const rows = (sql: string, values: unknown[] = []): Promise<{ said: string }[]> =>
        inTenant(database.db, database.tenantId, (tx) => tx.query(sql, values));
      for (const step of steps) {
        const [who = '', ...said] = step.split(' ');
        const [birthDate, sex] = said.map((value) => (value === '-' ? null : value));
        if (who === 'hand')
          await rows('update demographics set birth_date = $1, sex = $2 where person_id = ' + ofPerson, [
            birthDate,
            sex,
          ]);
        else {
          const name = who === 'staff' ? 'first' : who;
          const one = sources.get(name) ?? (await source());
          sources.set(name, one);
          const stated = Object.fromEntries(
            Object.entries({ birthDate, sex }).filter(([, value]) => value !== null),
          );
          const kind = who === 'staff' ? 'teacher' : 'student';
          const id = sameId ? 'x' : who;
          await apply(one, birthDate === 'ends' ? item(kind, 'end', id) : item(kind, 'create', id, stated));
        }
        if (oneIdEach) await rows(`update link set shared_user_id = true where object_id = ${ofPerson}`);
      }
      assert.deepEqual(
        await rows(
          `select coalesce(birth_date::text, '-') || ' ' || coalesce(sex, '-') as said from demographics where person_id = ${ofPerson}`,
        ),
        [{ said: expected }],
      );
    });

test('whom another source states, too, may sign in no more than before; who comes back through it may', async () => {
  const { apply, item } = bench('disabled');
  const [first, second, third] = [await source(), await source(), await source()];
  const query = (sql: string): Promise<{ enabled: boolean }[]> =>
    inTenant(database.db, database.tenantId, (tx) =>
      tx.query(`${sql} where user_name = 'disabled@x.example'`),
    );
  await apply(first, item('student', 'create', '1'));
  await query('update account set enabled = false');
  await apply(second, item('student', 'create', '2'));
  assert.deepEqual(await query('select enabled from account'), [{ enabled: false }]);
  await apply(first, item('student', 'end', '1'));
  await apply(second, item('student', 'end', '2'));
  await apply(third, item('student', 'create', '3'));
  assert.deepEqual(await query('select enabled from account'), [{ enabled: true }]);
});

test('who is matched to an account under another id, in the roster that has the old one no more, keeps the account and is no error', async () => {
  const { item, read } = bench('renumbered');
  const one = await source();
  const id = '00000000-0000-7000-8000-0000000000f1';
  await inTenant(database.db, database.tenantId, async (tx) => {
    await tx.query(
      `insert into person (tenant_id, id, display_name, external_source, change_seq) values (current_tenant(), $1, 'By hand', 'manual', 0)`,
      [id],
    );
    await tx.query(
      `insert into account (tenant_id, id, person_id, user_name, mail, change_seq)
       values (current_tenant(), $1, $1, 'renumbered@x.example', 'renumbered@x.example', 0)`,
      [id],
    );
  });
  const matched = (action: Action, number: string): TestItem =>
    item('student', action, number, { matchValue: 'renumbered@x.example', number });
  const sync = (...items: TestItem[]): ReturnType<typeof planAndApply> =>
    planAndApply(database.db, database.tenantId, one, items, { match: 'mail' });
  await sync(matched('create', '1'));
  // As long as the old one is stated, too, nobody can tell whose account it is.
  const both = await sync(matched('create', '2'));
  assert.deepEqual(both.failures, [{ id: 'student:renumbered-2', code: 'DuplicateTargetEntries' }]);
  const { failures, actions } = await sync(matched('create', '2'), matched('end', '1'));
  assert.deepEqual(failures, []);
  assert.deepEqual(actions, ['link student:renumbered-2', 'deactivate student:renumbered-1']);
  assert.deepEqual(await read(), {
    name: 'By hand',
    surname: 'Byron',
    role: 'student',
    student: 'renumbered-2',
    studentNumber: '2',
  });
});
