import { realSystem } from '#lib/system.ts';
import { inTenant, type Database } from '#storage/database.ts';
import { nextChangeSeq } from '#storage/directory/next-change-seq.ts';

/** Ids of what seedDirectory wrote, by name. */
export interface SeededDirectory {
  readonly sourceSystemId: string;
  readonly schools: Readonly<Record<'contoso' | 'fabrikam' | 'closed', string>>;
  readonly classes: Readonly<Record<'algebra' | 'biology' | 'ended', string>>;
  readonly users: Readonly<Record<'anna' | 'ben' | 'clara' | 'dora' | 'ended', string>>;
}

/**
 * A small directory as a sync would leave it. Two schools, two classes at Contoso. Anna and Ben are students of algebra, Clara
 * teaches algebra and biology, Dora is a faculty member without a class. One school, class and person are inactive, Ben's place
 * in biology has ended, and the inactive ones still have active memberships that must not show.
 */
export async function seedDirectory(db: Database, tenantId: string): Promise<SeededDirectory> {
  const id = realSystem.newId;
  const seeded: SeededDirectory = {
    sourceSystemId: id(),
    schools: { contoso: id(), fabrikam: id(), closed: id() },
    classes: { algebra: id(), biology: id(), ended: id() },
    users: { anna: id(), ben: id(), clara: id(), dora: id(), ended: id() },
  };
  const { schools, classes, users, sourceSystemId } = seeded;
  await inTenant(db, tenantId, async (tx) => {
    const seq = await nextChangeSeq(tx);
    const insert = async (table: string, row: Record<string, unknown>): Promise<void> => {
      const columns = Object.keys(row);
      await tx.query(
        `insert into ${table} (tenant_id, ${columns.join(', ')}) values (current_tenant(), ${columns.map((_, index) => `$${index + 1}`).join(', ')})`,
        Object.values(row),
      );
    };
    await insert('source_system', { id: sourceSystemId, name: 'seed' });
    const org = { change_seq: seq, external_source: 'sis' };
    await insert('org', {
      ...org,
      id: schools.contoso,
      display_name: 'Contoso High School',
      external_id: '10001',
      school_number: '1',
      lowest_grade: '9',
      highest_grade: '12',
      principal_name: 'Amy Roebuck',
      street: '2 Microsoft Way',
      city: 'Redmond',
      state: 'WA',
      country: 'US',
      postal_code: '98052',
    });
    await insert('org', { ...org, id: schools.fabrikam, display_name: 'Fabrikam', external_source: 'lms' });
    await insert('org', { ...org, id: schools.closed, display_name: 'Closed', active: false });
    const district = { ...org, id: id(), type: 'district', display_name: 'District' };
    await insert('org', district);
    const course = id();
    const term = id();
    await insert('course', {
      id: course,
      display_name: 'Math 101',
      course_number: '101',
      subject: 'Math',
      change_seq: seq,
    });
    await insert('academic_session', {
      id: term,
      display_name: 'Fall',
      external_id: 'F26',
      start_date: '2026-08-01',
      end_date: '2026-12-20',
      change_seq: seq,
    });
    const group = { org_id: schools.contoso, change_seq: seq };
    await insert('class', {
      ...group,
      id: classes.algebra,
      course_id: course,
      academic_session_id: term,
      display_name: 'Algebra 1',
      mail_nickname: 'Section_11001',
      external_id: '11001',
      class_code: 'A1',
    });
    await insert('class', {
      ...group,
      id: classes.biology,
      display_name: 'Biology',
      mail_nickname: 'Section_2',
    });
    await insert('class', {
      ...group,
      id: classes.ended,
      display_name: 'Ended',
      mail_nickname: 'Section_3',
      active: false,
    });
    const person = async (
      name: keyof SeededDirectory['users'],
      row: Record<string, unknown>,
    ): Promise<void> => {
      await insert('person', { id: users[name], change_seq: seq, ...row });
      await insert('account', {
        id: users[name],
        person_id: users[name],
        user_name: `${name}@contoso.edu`,
        mail: `${name}@contoso.edu`,
        mail_nickname: name,
        change_seq: seq,
      });
    };
    await person('anna', {
      primary_role: 'student',
      display_name: "Anna O'Brien",
      given_name: 'Anna',
      surname: "O'Brien",
      student_external_id: '13001',
      student_number: '501',
      grade: '9',
      graduation_year: '2029',
      attributes: JSON.stringify({ mailingCity: 'Redmond' }),
    });
    await insert('demographics', {
      person_id: users.anna,
      birth_date: '2011-04-02',
      sex: 'F',
      change_seq: seq,
    });
    await insert('contact_relationship', {
      id: id(),
      person_id: users.anna,
      relationship: 'parent',
      display_name: 'Olga',
      change_seq: seq,
    });
    await person('ben', { primary_role: 'student', display_name: 'Ben_50%', student_external_id: '13002' });
    await person('clara', {
      primary_role: 'teacher',
      display_name: 'Clara Beane',
      given_name: 'Clara',
      surname: 'Beane',
      teacher_external_id: '14001',
      teacher_number: '101',
    });
    await person('dora', { primary_role: 'faculty', display_name: 'Dora', external_source: 'manual' });
    await person('ended', { primary_role: 'student', display_name: 'Anna Ended', active: false });
    const place = async (
      classId: string,
      personId: string,
      role: string,
      more: Record<string, unknown> = {},
    ): Promise<void> =>
      insert('enrollment', {
        source_system_id: sourceSystemId,
        key: id(),
        content: 1,
        class_id: classId,
        person_id: personId,
        role,
        change_seq: seq,
        ...more,
      });
    await place(classes.algebra, users.anna, 'student');
    await place(classes.algebra, users.ben, 'student');
    await place(classes.algebra, users.clara, 'teacher');
    await place(classes.algebra, users.ended, 'student');
    await place(classes.biology, users.clara, 'teacher');
    await place(classes.biology, users.ben, 'student', { active: false });
    await place(classes.ended, users.anna, 'student');
    await place(classes.ended, users.clara, 'teacher');
    const work = async (personId: string, orgId: string, active = true): Promise<void> =>
      insert('role', {
        source_system_id: sourceSystemId,
        key: id(),
        content: 1,
        person_id: personId,
        org_id: orgId,
        role: 'student',
        change_seq: seq,
        active,
      });
    await work(users.anna, schools.contoso);
    await work(users.anna, schools.closed);
    await work(users.anna, district.id);
    await work(users.ben, schools.contoso);
    await work(users.ben, schools.fabrikam, false);
    await work(users.clara, schools.contoso);
    await work(users.clara, schools.fabrikam);
    await work(users.ended, schools.contoso);
  });
  return seeded;
}

/** Students with accounts, numbered, for paging. */
export async function seedStudents(db: Database, tenantId: string, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => realSystem.newId());
  await inTenant(db, tenantId, async (tx) => {
    const seq = await nextChangeSeq(tx);
    await tx.query(
      `insert into person (tenant_id, id, primary_role, display_name, change_seq)
       select current_tenant(), id, 'student', 'Student ' || n, $2 from unnest($1::uuid[]) with ordinality as u(id, n)`,
      [ids, seq],
    );
    await tx.query(
      `insert into account (tenant_id, id, person_id, user_name, change_seq)
       select current_tenant(), id, id, id || '@contoso.edu', $2 from unnest($1::uuid[]) as u(id)`,
      [ids, seq],
    );
  });
  return ids;
}
