/**
 * What bad input gets: a finding or a refusal that names file, line, column and remedy; the rest of the set
 * goes on where it may, and the directory keeps its last good state.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { FINDING_CODES, type FindingCode } from '#core/findings.ts';
import { dumpDirectory } from '#test/helpers/directory-dump.ts';
import { startTestRollbook, type TestRollbook } from '#test/helpers/rollbook.ts';
import { csvFiles, smallRoster } from '#test/helpers/small-roster.ts';
import { changesOf, type RunAnswer, type SyncClient, syncClient } from '#test/helpers/sync-client.ts';

const PROFILES = '/beta/education/synchronizationProfiles';
const FIVE_MEGABYTES = 5_000_000;

type Files = Readonly<Record<string, string | Buffer>>;

interface Fault {
  readonly code: FindingCode;
  readonly file: string;
  readonly line?: number;
  readonly field?: string;
  /** What the finding's own sentence says. */
  readonly says?: RegExp;
}

interface StoredFinding extends Omit<Fault, 'says'> {
  readonly severity: string;
  readonly message: string;
}

const good = csvFiles(smallRoster({ schools: 2, students: 12 }));
const student = good['Student.csv'] ?? '';
const enrollments = good['StudentEnrollment.csv'] ?? '';
const roster = good['TeacherRoster.csv'] ?? '';
const sections = good['Section.csv'] ?? '';

const withStudent = (content: string | Buffer): Files => ({ ...good, 'Student.csv': content });
const withRoster = (content: string | Buffer): Files => ({ ...good, 'TeacherRoster.csv': content });

/** Line 1 is the header. */
function editLine(text: string, line: number, edit: (line: string) => string): string {
  const lines = text.split('\r\n');
  lines[line - 1] = edit(lines[line - 1] ?? '');
  return lines.join('\r\n');
}

const editPupil = (from: string, to: string): string =>
  editLine(student, 3, (line) => line.replace(from, to));

let rollbook: TestRollbook;
let client: SyncClient;
let profile: string;
let goodDirectory: string[];
before(async () => {
  rollbook = await startTestRollbook();
  client = syncClient(rollbook);
  profile = await client.createProfile({ displayName: 'Bad input' });
  assert.equal((await client.sync(profile, good)).status, 'success');
  goodDirectory = await dumpDirectory(rollbook.db, rollbook.tenantId);
});
after(() => rollbook.stop());

async function findingsOfLatestRun(): Promise<StoredFinding[]> {
  const run: RunAnswer = await client.latestRun(profile);
  return client.all<StoredFinding>(`/api/v1/runs/${run.id}/findings`);
}

/** Finding, message of start and entry of `errors` all say where it is and what to do. */
async function assertNamed(
  fault: Fault,
  messages: readonly { fileName: string; description: string }[],
): Promise<void> {
  const findings = await findingsOfLatestRun();
  const found = findings.find(
    ({ code, file, line, field }) =>
      code === fault.code &&
      file === fault.file &&
      (fault.line === undefined || line === fault.line) &&
      (fault.field === undefined || field === fault.field),
  );
  assert.ok(found, `no such finding among ${JSON.stringify(findings.slice(0, 5))}`);
  if (fault.says !== undefined) assert.match(found.message, fault.says);
  assert.ok(
    messages.some(
      ({ fileName, description }) => fileName === fault.file && description.includes(fault.field ?? ''),
    ),
    `start does not name ${fault.file}: ${JSON.stringify(messages.slice(0, 5))}`,
  );
  if (found.severity !== 'error' && found.severity !== 'fatal') return;
  const errors = await client.all<{ errorMessage: string }>(`${PROFILES}/${profile}/errors`);
  const place = fault.line === undefined ? fault.file : `${fault.file}, line ${fault.line}: `;
  const error = errors.find(
    ({ errorMessage }) => errorMessage.includes(place) && errorMessage.includes(found.message),
  );
  assert.ok(error, `errors does not name ${place}: ${JSON.stringify(errors.slice(0, 5))}`);
  assert.ok(error.errorMessage.endsWith(FINDING_CODES[fault.code].remedy), error.errorMessage);
}

async function assertErrorsAddUp(errorCount: number): Promise<void> {
  assert.equal((await client.all(`${PROFILES}/${profile}/errors`)).length, errorCount);
}

const CONFIRMABLE = new Set<FindingCode>(['FILE_MISSING_REQUIRED', 'FILE_EMPTY_HAD_ROWS']);
const UTF16_LE = Buffer.from(student, 'utf16le');

const REFUSED: [name: string, files: Files, fault: Fault][] = [
  [
    'a missing file',
    Object.fromEntries(Object.entries(good).filter(([name]) => name !== 'Student.csv')),
    { code: 'FILE_MISSING_REQUIRED', file: 'student.csv' },
  ],
  [
    'a spreadsheet in place of CSV',
    withStudent(Buffer.from('PK\u0003\u0004\u0014\u0000\u00ff\u00fe', 'latin1')),
    { code: 'ENCODING_NOT_UTF8', file: 'student.csv', line: 1 },
  ],
  [
    'an error page in place of CSV',
    withStudent('<!DOCTYPE html>\n<html><body>Session expired</body></html>\n'),
    { code: 'HEADER_MISSING', file: 'student.csv', line: 1, field: 'SIS ID' },
  ],
  [
    'a file more than the format has',
    { ...good, 'notes.txt': 'hello' },
    { code: 'FILE_UNKNOWN', file: 'notes.txt' },
  ],
  [
    'a missing column',
    withStudent(student.replace('Username', 'Benutzer')),
    { code: 'HEADER_MISSING', file: 'student.csv', line: 1, field: 'Username' },
  ],
  [
    'a column that is there twice',
    withStudent(student.replace('Grade', 'LAST NAME')),
    { code: 'HEADER_DUPLICATE', file: 'student.csv', line: 1, field: 'LAST NAME', says: /"LAST NAME"/ },
  ],
  [
    'a byte that neither UTF-8 nor Windows-1252 has',
    withStudent(Buffer.from(student.replace('Stu3', 'J\u0081rgen'), 'latin1')),
    { code: 'ENCODING_NOT_UTF8', file: 'student.csv', line: 4, says: /byte 10 of the line.*0x81/ },
  ],
  [
    'UTF-16 with a byte too many',
    withStudent(Buffer.concat([UTF16_LE, Buffer.of(10)])),
    { code: 'FILE_TRUNCATED', file: 'student.csv', says: /middle of a character/ },
  ],
  [
    'UTF-16 with half a surrogate pair',
    withStudent(Buffer.from(student.replace('Stu3', 'Stu\ud83c'), 'utf16le')),
    { code: 'ENCODING_NOT_UTF8', file: 'student.csv', line: 4, says: /surrogate/ },
  ],
  [
    'half a surrogate pair',
    withStudent(Buffer.from(student.replace('Stu3', '\u00ed\u00a0\u0080'), 'latin1')),
    { code: 'ENCODING_NOT_UTF8', file: 'student.csv', line: 4 },
  ],
  [
    'lines that end with a carriage return alone',
    withStudent(student.replaceAll('\r\n', '\r')),
    { code: 'HEADER_UNREADABLE', file: 'student.csv', line: 1, says: /carriage return alone/ },
  ],
  [
    'vertical bars between the columns',
    withStudent(student.replaceAll(',', '|')),
    { code: 'HEADER_UNREADABLE', file: 'student.csv', line: 1, says: /separated by vertical bars/ },
  ],
  [
    'a header of 2,000 columns',
    withStudent(`${Array.from({ length: 2_000 }, (_, n) => `C${n}`).join(',')}\r\n`),
    { code: 'HEADER_UNREADABLE', file: 'student.csv', line: 1, says: /more than 1,000 columns/ },
  ],
  [
    'one line of 5 MB',
    withStudent('x'.repeat(FIVE_MEGABYTES)),
    { code: 'HEADER_UNREADABLE', file: 'student.csv', line: 1, says: /longer than 1 MiB/ },
  ],
  [
    'a header with an open quote',
    withStudent(student.replace('Grade', '"Grade')),
    { code: 'HEADER_UNREADABLE', file: 'student.csv', line: 1, says: /quote is not closed/ },
  ],
  [
    'a header alone where rows were',
    withRoster(`${roster.split('\r\n')[0] ?? ''}\r\n`),
    { code: 'FILE_EMPTY_HAD_ROWS', file: 'teacherroster.csv' },
  ],
  ['0 bytes', withRoster(''), { code: 'HEADER_UNREADABLE', file: 'teacherroster.csv', says: /is empty/ }],
  [
    'a BOM alone',
    withRoster('\ufeff'),
    { code: 'HEADER_UNREADABLE', file: 'teacherroster.csv', says: /is empty/ },
  ],
  [
    'blank lines alone',
    withRoster('\r\n  \r\n,,\r\n'),
    { code: 'HEADER_UNREADABLE', file: 'teacherroster.csv', says: /is empty/ },
  ],
  [
    'a file cut off in a row',
    { ...good, 'StudentEnrollment.csv': enrollments.slice(0, -9) },
    { code: 'FILE_TRUNCATED', file: 'studentenrollment.csv', line: 49 },
  ],
  [
    'the pupils uploaded as teachers too',
    { ...good, 'Teacher.csv': student },
    { code: 'FILE_DUPLICATE', file: 'teacher.csv', says: /same content as student\.csv/ },
  ],
  [
    'pupils and teachers swapped',
    { ...good, 'Teacher.csv': student, 'Student.csv': good['Teacher.csv'] ?? '' },
    { code: 'REFERENCE_NOT_FOUND', file: 'studentenrollment.csv', line: 2, field: 'SIS ID' },
  ],
  [
    'a wrong school in every row',
    withStudent(student.replaceAll(/,S(\d),/g, ',X$1,')),
    { code: 'REFERENCE_NOT_FOUND', file: 'student.csv', line: 2, field: 'School SIS ID', says: /"X1"/ },
  ],
];

for (const [name, files, fault] of REFUSED) {
  test(`${name}: start says 400, the directory stays`, async () => {
    await client.upload(profile, files);
    const { status, messages } = await client.start(profile);
    assert.equal(status, 400);
    await assertNamed(fault, messages);
    const settled = await client.status(profile);
    assert.equal(settled.status, 'validationError', settled.statusMessage);
    assert.match(settled.statusMessage.toLowerCase(), new RegExp(fault.file.replace('.', '\\.')));
    if (CONFIRMABLE.has(fault.code))
      assert.ok(settled.statusMessage.includes(JSON.stringify({ confirmEmptyFiles: [fault.file] })));
    assert.ok(settled.errorCount > 0);
    await assertErrorsAddUp(settled.errorCount);
    assert.deepEqual(await dumpDirectory(rollbook.db, rollbook.tenantId), goodDirectory);
  });
}

/** `errors`: how many records are not as the source has them. Null: nothing but a warning, the status is success. */
const DROPPED: [name: string, files: Files, errors: number, fault: Fault | null][] = [
  [
    'too few fields',
    withStudent(editLine(student, 3, (line) => line.split(',').slice(0, 3).join(','))),
    1,
    { code: 'ROW_FIELD_COUNT', file: 'student.csv', line: 3, says: /3 fields; the header has 7/ },
  ],
  [
    'too many fields',
    withStudent(editLine(student, 3, (line) => `${line},x`)),
    1,
    { code: 'ROW_FIELD_COUNT', file: 'student.csv', line: 3, says: /8 fields/ },
  ],
  [
    'an open quote',
    withStudent(editPupil('Stu2', '"Stu2')),
    1,
    { code: 'ROW_BROKEN_QUOTE', file: 'student.csv', line: 3 },
  ],
  [
    'a quote inside a value',
    withStudent(editPupil('Stu2', 'St"u2')),
    1,
    { code: 'ROW_BROKEN_QUOTE', file: 'student.csv', line: 3 },
  ],
  [
    'a line break inside a value',
    withStudent(editPupil('Stu2', '"Stu\n2"')),
    2,
    { code: 'ROW_BROKEN_QUOTE', file: 'student.csv', line: 4 },
  ],
  [
    'a NUL inside a value',
    withStudent(editPupil('Stu2', 'St\u0000u2')),
    1,
    { code: 'ROW_CONTROL_CHARACTER', file: 'student.csv', line: 3 },
  ],
  [
    'a row of 5 MB',
    withStudent(student + 'x'.repeat(FIVE_MEGABYTES) + '\r\n'),
    1,
    { code: 'ROW_TOO_LONG', file: 'student.csv', line: 26 },
  ],
  [
    'a value of half a megabyte',
    withStudent(editPupil('Stu2', 'x'.repeat(500_000))),
    1,
    { code: 'VALUE_TOO_LONG', file: 'student.csv', line: 3, field: 'First Name' },
  ],
  [
    'an empty required field',
    withStudent(editPupil('Stu2', ' ')),
    1,
    { code: 'REQUIRED_MISSING', file: 'student.csv', line: 3, field: 'First Name' },
  ],
  [
    'a school that is not there',
    withStudent(editPupil(',S1,', ',S9,')),
    1,
    { code: 'REFERENCE_NOT_FOUND', file: 'student.csv', line: 3, field: 'School SIS ID', says: /"S9"/ },
  ],
  [
    'a pupil that is not there',
    { ...good, 'StudentEnrollment.csv': `${enrollments}S1C1,NOBODY\r\n` },
    1,
    { code: 'REFERENCE_NOT_FOUND', file: 'studentenrollment.csv', line: 50, field: 'SIS ID' },
  ],
  [
    'the last row cut off inside its last value',
    { ...good, 'StudentEnrollment.csv': enrollments.slice(0, -4) },
    1,
    { code: 'REFERENCE_NOT_FOUND', file: 'studentenrollment.csv', line: 49, field: 'SIS ID' },
  ],
  [
    'a section id of 65 characters',
    {
      ...good,
      'Section.csv': `${sections}${(sections.split('\r\n')[1] ?? '').replace('S1C1', 'x'.repeat(65))}\r\n`,
    },
    1,
    { code: 'ID_INVALID', file: 'section.csv', line: 8, field: 'SIS ID', says: /65 characters/ },
  ],
  [
    'a user name that is none',
    withStudent(editPupil('s1p2', 's 1@p@2')),
    1,
    { code: 'USERNAME_INVALID', file: 'student.csv', line: 3, field: 'Username' },
  ],
  [
    'a user name of somebody else',
    withStudent(editPupil('s1p2', 's1p1')),
    1,
    { code: 'USERNAME_DUPLICATE', file: 'student.csv', line: 3, field: 'Username' },
  ],
  [
    'an id that is there twice',
    withStudent(`${student}${(student.split('\r\n')[1] ?? '').replace('Stu1', 'Other')}\r\n`),
    0,
    { code: 'ID_DUPLICATE', file: 'student.csv', line: 26, field: 'SIS ID' },
  ],
  [
    'a date that is none',
    { ...good, 'Section.csv': editLine(sections, 3, (line) => line.replace('2026-08-01', '2026-02-30')) },
    0,
    { code: 'DATE_INVALID', file: 'section.csv', line: 3, field: 'Term StartDate' },
  ],
  [
    'a column more than the format has',
    withStudent(
      student
        .split('\r\n')
        .map((line, at) => (line === '' ? line : `${line},${at === 0 ? 'Shoe size' : '44'}`))
        .join('\r\n'),
    ),
    0,
    { code: 'HEADER_UNKNOWN', file: 'student.csv', line: 1, field: 'Shoe size' },
  ],
  [
    'UTF-16 with semicolons',
    { ...good, 'Section.csv': Buffer.from(sections.replaceAll(',', ';'), 'utf16le') },
    0,
    { code: 'ENCODING_ASSUMED', file: 'section.csv', says: /UTF-16/ },
  ],
  [
    'totals under the rows',
    { ...good, 'Section.csv': `${sections}Total,,,,,,\r\n` },
    0,
    { code: 'ROW_TOTALS', file: 'section.csv', line: 8 },
  ],
  [
    'one file under two spellings: the later upload counts',
    { ...good, 'STUDENT.CSV': 'nonsense', 'student.csv': student },
    0,
    null,
  ],
];

let changed = 0;
for (const [name, files, errors, fault] of DROPPED) {
  test(`${name}: the record stays as it was, the rest goes in`, async () => {
    const lastName = `Changed${++changed}`;
    const changedFiles = Object.fromEntries(
      Object.entries(files).map(([file, content]) => [
        file,
        Buffer.isBuffer(content) ? content : content.replace(/^(S2P9,S2,Stu9),\w+/m, `$1,${lastName}`),
      ]),
    );
    await client.upload(profile, changedFiles);
    const { status, messages } = await client.start(profile);
    assert.equal(status, 200);
    const settled = await client.settled(profile);
    assert.equal(settled.status, errors === 0 ? 'success' : 'error', settled.statusMessage);
    assert.equal(settled.errorCount, errors);
    await assertErrorsAddUp(errors);
    if (fault !== null) await assertNamed(fault, messages);
    assert.deepEqual(await changesOf(client, profile), { student: { updated: 1 } });
    assert.equal((await client.sync(profile, good)).status, 'success');
    assert.deepEqual(await dumpDirectory(rollbook.db, rollbook.tenantId), goodDirectory);
  });
}

test('more bad rows than errors are kept: counts are exact, errors are pages of the first ones in order', async () => {
  const rows = Array.from({ length: 11_000 }, (_, n) => `BAD${n},S1,,Dent,bad${n},Start#2026,5\r\n`);
  await client.upload(profile, withStudent(student + rows.join('')));
  const { status, messages } = await client.start(profile);
  assert.equal(status, 400);
  assert.match(messages[0]?.description ?? '', /^11000 row\(s\) in student\.csv/);
  assert.match((await client.status(profile)).statusMessage, /11000 of 11024 rows/);
  await client.ok('POST', `${PROFILES}/${profile}/resume`);
  const settled = await client.settled(profile);
  assert.equal(settled.status, 'error');
  assert.equal(settled.errorCount, 10_000);
  assert.match(settled.statusMessage, /11000 records are not in the directory.*first 10000 errors/);
  const errors = await client.all<{ id: string; reportableIdentifier: string }>(
    `${PROFILES}/${profile}/errors?$top=999`,
  );
  assert.equal(new Set(errors.map(({ id }) => id)).size, 10_000);
  assert.deepEqual(
    errors.map(({ reportableIdentifier }) => reportableIdentifier),
    Array.from({ length: 10_000 }, (_, n) => `BAD${n}`),
  );
  assert.deepEqual(await dumpDirectory(rollbook.db, rollbook.tenantId), goodDirectory);
});

test('the names in the files reach no log', () => {
  const log = rollbook.logLines.join('');
  for (const secret of ['Stu1', 'Dent1', 's1p1', 'Start#2026', 'sig=', 'Bearer ', rollbook.clientSecret])
    assert.ok(!log.includes(secret), `the log holds ${secret}`);
});
