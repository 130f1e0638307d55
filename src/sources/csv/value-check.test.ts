/** The two ways in which a format can have its values checked, with a format that is made up. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { ListChanges } from '#core/roster/reference-list.ts';
import { RECORD_CODES } from '#core/roster/record-codes.ts';
import { shownFindings } from '#test/helpers/stage-files.ts';
import { CREATE_MAPPING } from '#test/helpers/stage-upload.ts';
import { FindingCollector } from '../finding-collector.ts';
import { bindHeader } from './bind-header.ts';
import { CsvReader, type CsvRow } from './csv-reader.ts';
import { column, type FileDefinition, id, type ValueRule } from './format.ts';
import { IdTable } from './id-table.ts';
import { RecordHash } from './record-hash.ts';
import { RosterFile } from './roster-file.ts';
import { addAttributes } from './roster-state.ts';
import { openValueChecks } from './value-check.ts';

const RULES: Readonly<Record<string, ValueRule>> = {
  Grade: { list: 'grades' },
  Subjects: { list: 'subjects', several: true },
  Grades: { list: 'grades', several: true },
  More: { list: 'grades', several: true },
  Email: 'email',
  Phone: 'phone',
  Primary: 'boolean',
  Year: 'year',
};

const fileOf = (strict: boolean): FileDefinition => ({
  name: 'made-up.csv',
  reader: 'students',
  entity: null,
  record: 'record',
  feeds: ['student'],
  columns: [
    id('Id', 'id', 'key'),
    ...Object.entries(RULES).map(([title, check]) => column(title, title, { check, strict })),
    column('Role', 'role', { check: { list: 'roles' }, strict, required: 'always' }),
    column('Note', 'note', { maxLength: 8 }),
    column('Born', 'born', { date: true }),
  ],
});

interface ReadRow {
  readonly record: Record<string, string | null>;
  /** Of the content. */
  readonly hash: string;
  readonly bad: boolean;
}

interface Read {
  readonly rows: readonly ReadRow[];
  readonly findings: readonly string[];
  readonly messages: readonly string[];
  readonly values: readonly (string | undefined)[];
  readonly collector: FindingCollector;
  readonly tables: readonly IdTable[];
}

/** Reads rows of the made-up file as its reader would. */
function read(
  strict: boolean,
  lines: readonly string[],
  lists?: ListChanges,
  collector = new FindingCollector(),
): Read {
  const definition = fileOf(strict);
  const mapping = lists === undefined ? CREATE_MAPPING : { ...CREATE_MAPPING, lists };
  const hash = new RecordHash(Buffer.alloc(32), Buffer.alloc(16));
  const rows: ReadRow[] = [];
  const tables: IdTable[] = [];
  const newTable = (): IdTable => {
    const table = new IdTable(7);
    tables.push(table);
    return table;
  };
  let file: RosterFile | null = null;
  const onRow = (row: CsvRow): void => {
    if (file === null) {
      const { header } = bindHeader(row, definition, mapping);
      assert.ok(header !== null);
      const state = { mapping, newTable };
      file = new RosterFile(
        definition,
        header,
        collector,
        row,
        new Map(),
        openValueChecks(state, definition),
      );
      return;
    }
    file.begin(row);
    file.checkValues();
    hash.beginContent(RECORD_CODES.student);
    addAttributes(
      hash,
      file,
      file.header.columns.filter(({ part }) => part === 'record'),
    );
    hash.endContent();
    rows.push({ record: file.record('record'), hash: hash.content.join(), bad: file.bad });
  };
  const reader = new CsvReader(onRow);
  reader.push(Buffer.from(`${lines.join('\r\n')}\r\n`));
  reader.end();
  const { kept } = collector;
  return {
    rows,
    collector,
    tables,
    findings: shownFindings(kept),
    messages: kept.map(({ message }) => message),
    values: kept.map(({ value }) => value),
  };
}

/** One value in a column, in a row that is good otherwise; what becomes of it, and the finding. */
function one(
  strict: boolean,
  title: string,
  value: string,
): { stored: string | null; hash: string; finding: string | undefined } {
  const quoted = `"${value.replaceAll('"', '""')}"`;
  const { rows, findings } = read(
    strict,
    title === 'Role' ? ['Id,Role,Note', `1,${quoted},n`] : [`Id,Role,${title},Note`, `1,student,${quoted},n`],
  );
  assert.equal(rows[0]?.record['note'], 'n', 'the value beside it is what it was');
  assert.ok(findings.length <= 1);
  return {
    stored: rows[0]?.record[title === 'Role' ? 'role' : title] ?? null,
    hash: rows[0]?.hash ?? '',
    finding: findings[0],
  };
}

/** Column, value, what is stored when it is good. */
const GOOD: readonly (readonly [string, string, string])[] = [
  ['Grade', '1', '01'],
  ['Grade', '01', '01'],
  ['Grade', 'KG', 'kg'],
  ['Grade', 'PostGraduate', 'postgraduate'],
  ['Subjects', '10', '10'],
  ['Subjects', 'mathematics, ARTS', 'Mathematics,Arts'],
  ['Subjects', 'Arts,', 'Arts'],
  ['Grades', '1,2,3,4,5', '01,02,03,04,05'],
  ['Grades', '9 ,10', '09,10'],
  ['Email', 'Zoe@Home.Example', 'zoe@home.example'],
  ['Email', 'ZOË@École.Example', 'zoë@école.example'],
  ['Email', 'a@b', 'a@b'],
  ['Email', 'first.last+tag@a-b.example', 'first.last+tag@a-b.example'],
  ['Email', "o'neil_{x}@1.example", "o'neil_{x}@1.example"],
  ['Email', '"a @ b"@c.example', '"a @ b"@c.example'],
  ['Email', `${'a'.repeat(64)}@b.example`, `${'a'.repeat(64)}@b.example`],
  ['Phone', '+14255550100', '+14255550100'],
  ['Phone', '(425) 555-0100', '(425) 555-0100'],
  ['Phone', '555.0100', '555.0100'],
  ['Phone', '0221/123456', '0221/123456'],
  ['Phone', '110', '110'],
  ['Primary', 'TRUE', 'true'],
  ['Primary', 'False', 'false'],
  ['Year', '2026', '2026'],
  ['Year', '1999', '1999'],
  ['Role', 'TEACHERASSISTANT', 'teacherAssistant'],
];

/** Column, value, code, and what is left of it when it is strict. */
const BAD: readonly (readonly [string, string, string, (string | null)?])[] = [
  ['Grade', 'Q', 'ENUM_UNKNOWN'],
  ['Grade', '14', 'ENUM_UNKNOWN'],
  ['Grade', '1,2', 'ENUM_UNKNOWN'],
  ['Subjects', 'Alchemy', 'ENUM_UNKNOWN'],
  ['Subjects', ',', 'ENUM_UNKNOWN'],
  ['Subjects', 'arts,Alchemy,10', 'ENUM_UNKNOWN', 'Arts,10'],
  ['Grades', '1,Q,3', 'ENUM_UNKNOWN', '01,03'],
  ['Email', 'none', 'EMAIL_INVALID'],
  ['Email', '@b.example', 'EMAIL_INVALID'],
  ['Email', 'a@', 'EMAIL_INVALID'],
  ['Email', 'a@@b.example', 'EMAIL_INVALID'],
  ['Email', 'a@b.example@c.example', 'EMAIL_INVALID'],
  ['Email', 'a b@c.example', 'EMAIL_INVALID'],
  ['Email', 'a.@b.example', 'EMAIL_INVALID'],
  ['Email', '.a@b.example', 'EMAIL_INVALID'],
  ['Email', 'a..b@c.example', 'EMAIL_INVALID'],
  ['Email', 'a@b..example', 'EMAIL_INVALID'],
  ['Email', 'a@b.example.', 'EMAIL_INVALID'],
  ['Email', 'a@-b.example', 'EMAIL_INVALID'],
  ['Email', 'a@b-.example', 'EMAIL_INVALID'],
  ['Email', 'a@b_c.example', 'EMAIL_INVALID'],
  ['Email', 'a@b.example, c@d.example', 'EMAIL_INVALID'],
  ['Email', 'Zoe <zoe@b.example>', 'EMAIL_INVALID'],
  ['Email', '"a@b.example', 'EMAIL_INVALID'],
  ['Email', '"a\\"@b.example', 'EMAIL_INVALID'],
  ['Email', `${'a'.repeat(65)}@b.example`, 'EMAIL_INVALID'],
  ['Phone', 'ask the office', 'PHONE_INVALID'],
  ['Phone', '12', 'PHONE_INVALID'],
  ['Phone', '1234567890123456', 'PHONE_INVALID'],
  ['Phone', '425+5550100', 'PHONE_INVALID'],
  ['Phone', '555-0100 x12', 'PHONE_INVALID'],
  ['Phone', '+', 'PHONE_INVALID'],
  ['Primary', 'yes', 'BOOLEAN_INVALID'],
  ['Primary', '1', 'BOOLEAN_INVALID'],
  ['Primary', 'truE ish', 'BOOLEAN_INVALID'],
  ['Primary', 'fals', 'BOOLEAN_INVALID'],
  ['Year', '26', 'YEAR_INVALID'],
  ['Year', '2026/27', 'YEAR_INVALID'],
  ['Year', '3026', 'YEAR_INVALID'],
  ['Year', '202O', 'YEAR_INVALID'],
];

describe('taken as received', () => {
  for (const [title, value] of GOOD)
    test(`${title} "${value}" is what it was`, () => {
      const { stored, finding } = one(false, title, value);
      assert.deepEqual({ stored, finding }, { stored: value, finding: undefined });
    });
  for (const [title, value, code] of BAD)
    test(`${title} "${value}" is what it was, for your information`, () => {
      const { stored, finding } = one(false, title, value);
      assert.deepEqual(
        { stored, finding },
        { stored: value, finding: `${code} made-up.csv:2 ${title} (information)` },
      );
    });
  test('a required value is taken too', () => {
    const { rows, findings, messages } = read(false, ['Id,Role', '1,Boss']);
    assert.deepEqual(findings, ['ENUM_UNKNOWN made-up.csv:2 Role (information)']);
    assert.deepEqual(messages, [
      'Role has "Boss", which is not in the list "roles"; it is taken as received.',
    ]);
    assert.deepEqual(
      rows.map(({ record, bad }) => [record['role'], bad]),
      [['Boss', false]],
    );
  });
  test('the hash is that of the value as received', () => {
    assert.notEqual(one(false, 'Grade', '1').hash, one(false, 'Grade', '01').hash);
    assert.notEqual(one(false, 'Email', 'A@b').hash, one(false, 'Email', 'a@b').hash);
  });
});

describe('strict', () => {
  for (const [title, value, stored] of GOOD)
    test(`${title} "${value}" becomes "${stored}", and its hash is that of it`, () => {
      const result = one(true, title, value);
      assert.deepEqual({ ...result, hash: '' }, { stored, finding: undefined, hash: '' });
      assert.equal(result.hash, one(true, title, stored).hash);
      assert.notEqual(result.hash, one(true, title, '').hash);
    });
  for (const [title, value, code, stored = null] of BAD)
    test(`${title} "${value}" becomes ${stored === null ? 'nothing' : `"${stored}"`}, with a warning`, () => {
      const result = one(true, title, value);
      assert.deepEqual(
        { ...result, hash: '' },
        { stored, finding: `${code} made-up.csv:2 ${title} (warning)`, hash: '' },
      );
      assert.equal(result.hash, one(true, title, stored ?? '').hash);
    });
  test('a required value that is bad drops the record', () => {
    const { rows, findings, messages, values } = read(true, ['Id,Role', '1,Boss', '2,student']);
    assert.deepEqual(findings, ['ENUM_UNKNOWN made-up.csv:2 Role (error)']);
    assert.deepEqual(messages, ['Role has "Boss", which is not in the list "roles".']);
    assert.deepEqual(values, ['Boss']);
    assert.deepEqual(
      rows.map(({ bad }) => bad),
      [true, false],
    );
  });
  test('the finding has the value as received, and says what is left out', () => {
    const { messages, values } = read(true, ['Id,Role,Subjects', '1,student,"a,b,ARTS,c,d"']);
    assert.deepEqual(values, ['a,b,ARTS,c,d']);
    assert.deepEqual(messages, [
      'Subjects has "a", "b", "c" and others, which is not in the list "subjects"; it is left out.',
    ]);
  });
});

test('a value that is too long is judged once', () => {
  const { findings } = read(true, ['Id,Role,Email', `1,student,${'a'.repeat(300)}`]);
  assert.deepEqual(findings, ['VALUE_TOO_LONG made-up.csv:2 Email (warning)']);
});

test('values that grow have no effect on what stands beside them, wherever their columns are', () => {
  const orders = [
    ['Id', 'Born', 'Grade', 'More', 'Grades', 'Subjects', 'Note', 'Role'],
    ['Role', 'Grades', 'More', 'Grade', 'Id', 'Subjects', 'Note', 'Born'],
    ['More', 'Grades', 'Born', 'Note', 'Id', 'Role', 'Subjects', 'Grade'],
    ['Subjects', 'Role', 'Note', 'Id', 'Grade', 'Born', 'Grades', 'More'],
  ];
  const cells: Record<string, string> = {
    Id: '7',
    Grade: '1',
    Grades: '"1,2,3"',
    More: '"1,2,3,4,5,6,7,8,9,1,2,3"',
    Subjects: 'ARTS',
    Note: 'n',
    Born: '2015-03-01',
    Role: 'Student',
  };
  const expected = {
    Grade: '01',
    Grades: '01,02,03',
    More: '01,02,03,04,05,06,07,08,09,01,02,03',
    Subjects: 'Arts',
    note: 'n',
    role: 'student',
    born: '2015-03-01',
  };
  const hashes = new Set<string>();
  for (const order of orders) {
    const line = order.map((title) => cells[title]).join(',');
    const { rows, findings } = read(true, [order.join(','), line, line, line]);
    assert.deepEqual(findings, []);
    assert.equal(rows.length, 3, 'the rows behind are read on');
    for (const { record, hash } of rows) {
      assert.deepEqual(record, expected, order.join());
      hashes.add(hash);
    }
  }
  assert.equal(hashes.size, 1, 'one record, one hash');
});

test('the lists of the tenant hold', () => {
  const lists = { grades: { added: ['5a'], disabled: ['13'] } };
  const lines = ['Id,Role,Grade', '1,student,5A', '2,student,13', '3,student,5'];
  const { rows, findings } = read(true, lines, lists);
  assert.deepEqual(
    rows.map(({ record }) => record['Grade']),
    ['5a', null, '05'],
  );
  assert.deepEqual(findings, ['ENUM_UNKNOWN made-up.csv:3 Grade (warning)']);
});

test('more distinct values than are remembered: each is judged all the same', () => {
  const lines = Array.from({ length: 12_000 }, (_, i) => `${i},student,Q${i}\r\n${i},student,KG`);
  const { rows, collector, tables } = read(true, ['Id,Role,Grade', ...lines]);
  assert.equal(Math.max(...tables.map(({ size }) => size)), 10_000);
  assert.deepEqual(collector.counts(), [
    { file: 'made-up.csv', code: 'ENUM_UNKNOWN', field: 'Grade', severity: 'warning', rowCount: 12_000 },
  ]);
  assert.deepEqual(
    rows.map(({ record }) => record['Grade']),
    rows.map((_, i) => (i % 2 === 0 ? null : 'kg')),
  );
});
