/**
 * The yardstick for staging: DuckDB reads, checks and compares the same six files of SDS V1, on the same cores. Run as a process of its own:
 * `node bench/duckdb-alone.ts <folder> <database file> [--write]` prints a ProcessMeasure with `rows` as JSON. With --write it leaves the records of
 * this roster in the database file, as what the next one is compared with.
 *
 * Why it is fair: it is given what it is best at, whole columns and joins on both cores, with the hash of its own (64 bits, no secret)
 * where Rollbook makes keyed SHA-256. It does what decides about records, as Rollbook does: required values, lengths, dates, repeated ids, references
 * (what was dropped takes its dependants along), control characters, and what is new, changed and gone since the time before, by record: person, role, session
 * and course apart from their rows. It is spared what Rollbook does besides: broken quotes and rows of a wrong length at their line, encodings, mixed orders of
 * dates, grades and addresses, words for each finding, totals rows, hashes of the files.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';

import { DuckDBInstance } from '@duckdb/node-api';

import { type ProcessMeasure, measureProcess } from './process-measure.ts';

export interface DuckDbMeasure extends ProcessMeasure {
  readonly rows: number;
  readonly created: number;
  readonly updated: number;
  readonly ended: number;
  readonly findings: number;
}

interface FileSql {
  readonly file: string;
  readonly table: string;
  /** A row that is faulty by itself. */
  readonly bad: string;
  /** What makes a row unique. */
  readonly key: string;
  /** A row that points at nothing, in words of the tables read before. */
  readonly lost: string;
}

const missing = (...columns: string[]): string => columns.map((name) => `"${name}" is null`).join(' or ');
const long = (limits: Record<string, number>): string =>
  Object.entries(limits)
    .map(([name, most]) => `length("${name}") > ${most}`)
    .join(' or ');
const noDate = (name: string): string => `("${name}" is not null and try_cast("${name}" as date) is null)`;
const absent = (column: string, table: string): string =>
  `"${column}" not in (select "SIS ID" from good_${table})`;

const PERSON = ['SIS ID', 'School SIS ID', 'First Name', 'Last Name', 'Username'];
const FILES: readonly FileSql[] = [
  {
    file: 'School.csv',
    table: 'school',
    bad: `${missing('SIS ID', 'Name')} or ${long({ 'SIS ID': 64, Name: 256, Address: 1024 })}`,
    key: '"SIS ID"',
    lost: 'false',
  },
  {
    file: 'Section.csv',
    table: 'section',
    bad:
      `${missing('SIS ID', 'School SIS ID', 'Section Name')} or ${long({ 'SIS ID': 64, 'Section Name': 256, 'Course Description': 1024 })}` +
      ` or ${noDate('Term StartDate')} or ${noDate('Term EndDate')}`,
    key: '"SIS ID"',
    lost: absent('School SIS ID', 'school'),
  },
  {
    file: 'Student.csv',
    table: 'student',
    bad:
      `${missing(...PERSON)} or ${long({ 'SIS ID': 64, 'First Name': 64, 'Last Name': 64, Username: 113, 'Middle Name': 64 })}` +
      ` or ${noDate('Birthdate')}`,
    key: '"SIS ID", "School SIS ID"',
    lost: absent('School SIS ID', 'school'),
  },
  {
    file: 'Teacher.csv',
    table: 'teacher',
    bad: `${missing(...PERSON)} or ${long({ 'SIS ID': 64, 'First Name': 64, 'Last Name': 64, Username: 113 })}`,
    key: '"SIS ID", "School SIS ID"',
    lost: absent('School SIS ID', 'school'),
  },
  {
    file: 'StudentEnrollment.csv',
    table: 'studentenrollment',
    bad: missing('Section SIS ID', 'SIS ID'),
    key: '"Section SIS ID", "SIS ID"',
    lost: `${absent('Section SIS ID', 'section')} or ${absent('SIS ID', 'student')}`,
  },
  {
    file: 'TeacherRoster.csv',
    table: 'teacherroster',
    bad: missing('Section SIS ID', 'SIS ID'),
    key: '"Section SIS ID", "SIS ID"',
    lost: `${absent('Section SIS ID', 'section')} or ${absent('SIS ID', 'teacher')}`,
  },
];

/** Records as (what, key, content); CONTENT(table): a hash of all columns that say something of the record itself. */
const RECORDS: readonly string[] = [
  `select 'school' as what, "SIS ID" as first, '' as second, CONTENT(school) as content from good_school`,
  `select 'section', "SIS ID", '', CONTENT(section) from good_section`,
  `select distinct 'session', "Term SIS ID", '', hash("Term Name", "Term StartDate", "Term EndDate") from good_section`,
  `select distinct 'course', "Course SIS ID", '', hash("Course Name", "Course Number", "Course Description", "Course Subject") from good_section`,
  `select 'student', "SIS ID", '', CONTENT(student) from good_student`,
  `select 'studentRole', "SIS ID", "School SIS ID", hash("Grade") from good_student`,
  `select 'teacher', "SIS ID", '', CONTENT(teacher) from good_teacher`,
  `select 'teacherRole', "SIS ID", "School SIS ID", 0 from good_teacher`,
  `select 'studentEnrollment', "Section SIS ID", "SIS ID", 0 from good_studentenrollment`,
  `select 'teacherEnrollment', "Section SIS ID", "SIS ID", 0 from good_teacherroster`,
];

const [folder = '.', databaseFile = 'records.duckdb', option] = process.argv.slice(2);
const instance = await DuckDBInstance.create(databaseFile);
const connection = await instance.connect();
const number = async (sql: string): Promise<number> =>
  Number((await connection.runAndReadAll(sql)).getRows()[0]?.[0] ?? 0);
await connection.run(
  'create table if not exists record (what varchar, first varchar, second varchar, content ubigint)',
);

/** Named from the header, since DuckDB finds no dialect in files with broken quotes. */
const columnTypes = async (file: string): Promise<string> => {
  const opened = await open(join(folder, file));
  const lines = opened.readLines();
  const { value: header } = await lines[Symbol.asyncIterator]().next();
  await opened.close();
  const titles = String(header).split(',');
  return `{${titles.map((title) => `'${title}': 'varchar'`).join(', ')}}`;
};

const done = measureProcess();
let rows = 0;
let findings = 0;
for (const { file, table, bad, key, lost } of FILES) {
  await connection.run(
    `create temp table raw_${table} as
       from read_csv('${folder}/${file}', columns = ${await columnTypes(file)}, auto_detect = false, header = true,
              delim = ',', quote = '"', escape = '"', strict_mode = false, ignore_errors = true)`,
  );
  rows += await number(`select count(*) from raw_${table}`);
  await connection.run(
    `create temp table good_${table} as
       select * from raw_${table} r
        where not coalesce(${bad}, false) and not coalesce(${lost}, false)
          and rowid not in (select unnest(lines[2:]) from (select list(rowid order by rowid) as lines from raw_${table} group by ${key} having count(*) > 1))`,
  );
  findings += await number(
    `select (select count(*) from raw_${table}) - (select count(*) from good_${table})`,
  );
}
const columnsOf = async (table: string): Promise<string> => {
  const leftOut = new Set(['SIS ID', 'Password', ...(table === 'student' ? ['Grade', 'School SIS ID'] : [])]);
  const found = await connection.runAndReadAll(`select column_name from (describe good_${table})`);
  return found
    .getRows()
    .map(([name]) => String(name))
    .filter((name) => !leftOut.has(name))
    .map((name) => `"${name}"`)
    .join(', ');
};
const sql: string[] = [];
for (const one of RECORDS) {
  const table = /CONTENT\((\w+)\)/u.exec(one)?.[1];
  sql.push(table === undefined ? one : one.replace(/CONTENT\(\w+\)/u, `hash(${await columnsOf(table)})`));
}
await connection.run(`create temp table now as ${sql.join(' union all ')}`);
const compared = await connection.runAndReadAll(
  `select count(*) filter (b.what is null), count(*) filter (n.what is null),
          count(*) filter (b.content is distinct from n.content and b.what is not null and n.what is not null)
     from record b full join now n using (what, first, second)
    where b.what is null or n.what is null or b.content is distinct from n.content`,
);
const [created, ended, updated] = (compared.getRows()[0] ?? []).map(Number);
const measure = done();
if (option === '--write') {
  await connection.run('begin; delete from record; insert into record select * from now; commit; checkpoint');
}
connection.closeSync();
instance.closeSync();
console.log(
  JSON.stringify({
    ...measure,
    rows,
    created: created ?? 0,
    updated: updated ?? 0,
    ended: ended ?? 0,
    findings,
  } satisfies DuckDbMeasure),
);
