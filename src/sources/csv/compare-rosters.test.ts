import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import * as fc from 'fast-check';

import { must } from '#lib/assert.ts';
import { shown, shownFindings, stageFiles, type StagedFiles } from '#test/helpers/stage-files.ts';
import {
  copyOf,
  csvFiles,
  type FileName,
  type SmallRoster,
  smallRoster,
} from '#test/helpers/small-roster.ts';
import { CREATE_MAPPING } from '#test/helpers/stage-upload.ts';

const roster = smallRoster();
const base = await stageFiles(csvFiles(roster));

/** Stages the roster as `change` leaves it, against the snapshot of the unchanged one. */
async function stageChanged(
  change: (roster: SmallRoster) => void,
  files: (files: Record<string, string>) => void = () => undefined,
  confirmedFiles: readonly string[] = [],
): Promise<StagedFiles> {
  const changed = copyOf(roster);
  change(changed);
  const texts = csvFiles(changed);
  files(texts);
  return stageFiles(texts, { after: base, confirmedFiles });
}

const nothing = (): void => undefined;
/** What a plan does, ends by their kind alone (an end is its key). */
const shownActions = (staged: StagedFiles): string[] =>
  staged.items
    .map(({ action, kind, sourceId }) => (action === 'end' ? `end ${kind}` : `${action} ${kind} ${sourceId}`))
    .toSorted();

describe('compared with the snapshot', () => {
  test('the same files change nothing', async () => {
    const again = await stageChanged(nothing);
    assert.deepEqual(shown(again.items), []);
    assert.equal(again.result.itemCount, 0);
    assert.equal(again.result.kinds.student.before, again.result.kinds.student.records);
  });

  test('only what changed changes', async () => {
    const staged = await stageChanged((changed) => {
      must(changed.school[0])['City'] = 'Fabrikam';
      must(changed.student[3])['First Name'] = 'Renamed';
      must(changed.student[4])['Grade'] = '12';
      must(changed.teacher[0])['Password'] = 'Other#1';
      changed.studentenrollment.pop();
      must(changed.section[1])['Course SIS ID'] = 'K9';
    });
    assert.deepEqual(shownActions(staged), [
      'create course K9',
      'end enrollment',
      'update class S1C2',
      'update org S1',
      'update role S1/S1P5',
      'update student S1P4',
      'update student S1P5',
    ]);
    assert.ok(
      staged.items.every(({ action, reason }) => action !== 'update' || reason === 'changedInSource'),
    );
  });

  test('letter case of titles, order of columns and rows, dates written otherwise, CRLF or LF: no change', async () => {
    const staged = await stageChanged(
      (changed) => {
        changed.student.reverse();
        for (const row of changed.section) row['Term StartDate'] = '8/1/2026';
        for (const [i, row] of changed.teacher.entries())
          changed.teacher[i] = Object.fromEntries(Object.entries(row).toReversed());
      },
      (files) => {
        for (const [name, text] of Object.entries(files))
          files[name] = `\ufeff${text.replace('SIS ID', 'sis id').replaceAll('\r\n', '\n')}`;
      },
    );
    assert.deepEqual(shown(staged.items), []);
  });

  test('a new column without values is no change; values in it are', async () => {
    const staged = await stageChanged((changed) => {
      for (const row of changed.student) row['Middle Name'] = '';
      must(changed.student[1])['Middle Name'] = 'Q';
    });
    assert.deepEqual(shown(staged.items), ['update student S1P2']);
  });

  test('other settings change what they may change, and say so', async () => {
    const staged = await stageFiles(csvFiles(roster), {
      after: base,
      mapping: {
        ...CREATE_MAPPING,
        identity: { mode: 'create', domains: { student: 'new.example', teacher: 'contoso.example' } },
      },
    });
    assert.ok(
      staged.items.every(({ action, reason }) => action === 'update' && reason === 'settingsChanged'),
    );
    assert.deepEqual([...new Set(staged.items.map(({ kind }) => kind))].toSorted(), [
      'academicSession',
      'class',
      'course',
      'org',
      'student',
      'teacher',
    ]);
  });

  test('another secret of the tenant makes other keys', async () => {
    const { RecordHash } = await import('./record-hash.ts');
    const keyUnder = (secret: string): string => {
      const hash = new RecordHash(Buffer.alloc(32, secret), Buffer.alloc(16));
      hash.beginKey(4);
      hash.addBytes(Buffer.from('13001'), 0, 5);
      hash.endKey();
      return hash.key.join();
    };
    assert.notEqual(keyUnder('a'), keyUnder('b'));
    assert.equal(keyUnder('a'), keyUnder('a'));
  });

  test('a record in another case of letters is another record', async () => {
    const staged = await stageChanged((changed) => {
      must(changed.teacher[0])['SIS ID'] = 's1c1t';
      must(changed.teacherroster[0])['SIS ID'] = 's1c1t';
    });
    assert.deepEqual(shownActions(staged), [
      'create enrollment S1C1/s1c1t',
      'create role S1/s1c1t',
      'create teacher s1c1t',
      'end enrollment',
      'end role',
      'end teacher',
    ]);
  });
});

describe('files that had rows', () => {
  const emptied = (name: string) => (files: Record<string, string>) => {
    files[name] = `${must(files[name]).split('\r\n')[0]}\r\n`;
  };

  test('without rows now: the run stops, and names the file', async () => {
    const staged = await stageChanged(nothing, emptied('TeacherRoster.csv'));
    assert.deepEqual(shownFindings(staged.findings), ['FILE_EMPTY_HAD_ROWS teacherroster.csv (fatal)']);
    assert.deepEqual(staged.result.filesToConfirm, ['teacherroster.csv']);
    assert.deepEqual([staged.result.itemCount, staged.items.length], [0, 0]);
  });

  test('confirmed by name: its records end', async () => {
    const staged = await stageChanged(nothing, emptied('TeacherRoster.csv'), ['teacherroster.csv']);
    assert.equal(staged.result.fatal, false);
    assert.deepEqual(
      shownActions(staged),
      roster.teacherroster.map(() => 'end enrollment'),
    );
  });

  test('missing now: the run stops; confirmed: its records end', async () => {
    const remove = (files: Record<string, string>): void => {
      delete files['TeacherRoster.csv'];
    };
    const stopped = await stageChanged(nothing, remove);
    assert.deepEqual(shownFindings(stopped.findings), ['FILE_MISSING_REQUIRED teacherroster.csv (fatal)']);
    assert.deepEqual(stopped.result.filesToConfirm, ['teacherroster.csv']);
    const confirmed = await stageChanged(nothing, remove, ['teacherroster.csv']);
    assert.equal(confirmed.result.fatal, false);
    assert.equal(confirmed.result.kinds.enrollment.ended, roster.teacherroster.length);
  });

  test('missing and never there: nothing to confirm', async () => {
    const files = csvFiles(roster);
    delete files['TeacherRoster.csv'];
    const { result } = await stageFiles(files, { confirmedFiles: ['teacherroster.csv'] });
    assert.deepEqual([result.fatal, result.filesToConfirm], [true, []]);
  });
});

describe('a bad row never erases the last good state', () => {
  test('of a person, with role and enrollments', async () => {
    const staged = await stageChanged((changed) => {
      const student = must(changed.student[0]);
      student['First Name'] = '';
      student['Grade'] = '12';
    });
    assert.deepEqual(shownActions(staged), []);
    assert.equal(staged.result.kinds.student.ended, 0);
    assert.ok(shownFindings(staged.findings).includes('REQUIRED_MISSING student.csv:2 First Name (error)'));
  });

  test('of a person who is in another school in it: no role of the kind is ended', async () => {
    const staged = await stageChanged((changed) => {
      const student = must(changed.student[0]);
      student['First Name'] = '';
      student['School SIS ID'] = 'S2';
      must(changed.teacher[0])['School SIS ID'] = 'S2';
    });
    assert.deepEqual(shownActions(staged), ['create role S2/S1C1T', 'end role']);
    assert.ok(shownFindings(staged.findings).includes('ABSENCE_NOT_PROVEN student.csv role (information)'));
  });

  test('of a class, with its enrollments', async () => {
    const staged = await stageChanged((changed) => {
      must(changed.section[0])['Section Name'] = '';
    });
    assert.deepEqual(shownActions(staged), []);
    const dropped = staged.result.findingCounts.find(({ code }) => code === 'REFERENCE_DROPPED');
    assert.ok(must(dropped).rowCount > 0);
  });

  test('of a school, with its classes and roles; its people go on', async () => {
    const staged = await stageChanged((changed) => {
      must(changed.school[0])['Name'] = '';
      must(changed.student[0])['Last Name'] = 'Changed';
    });
    assert.deepEqual(shownActions(staged), ['update student S1P1']);
  });

  test('of a school, that somebody known comes to: the role in the school before stays meanwhile', async () => {
    const staged = await stageChanged((changed) => {
      must(changed.school[1])['Name'] = '';
      must(changed.student[0])['School SIS ID'] = 'S2';
    });
    assert.deepEqual(shownActions(staged), []);
    assert.ok(shownFindings(staged.findings).includes('ABSENCE_NOT_PROVEN student.csv role (information)'));
    const somebodyNew = await stageChanged((changed) => {
      must(changed.school[1])['Name'] = '';
      changed.student.push({
        ...must(changed.student[0]),
        'SIS ID': 'N1',
        'School SIS ID': 'S2',
        Username: 'n1',
      });
      changed.student.shift();
    });
    assert.deepEqual(shownActions(somebodyNew), ['create student N1', 'end role', 'end student']);
  });

  test('nor that of an enrollment whose student is gone', async () => {
    const staged = await stageChanged((changed) => {
      changed.student.shift();
    });
    assert.deepEqual(shownActions(staged), ['end role', 'end student']);
    assert.equal(must(staged.result.findingCounts[0]).code, 'REFERENCE_NOT_FOUND');
  });

  const broken = (name: string, line: number, text: string) => (files: Record<string, string>) => {
    const lines = must(files[name]).split('\r\n');
    lines[line - 1] = text;
    files[name] = lines.join('\r\n');
  };

  test('when it is broken, but its key can be read', async () => {
    const staged = await stageChanged(nothing, broken('Student.csv', 2, 'S1P1,S1,"open,Dent1,s1p1,x,2'));
    assert.deepEqual(shownActions(staged), []);
    assert.ok(!shownFindings(staged.findings).some((line) => line.startsWith('ABSENCE_NOT_PROVEN')));
  });

  test('when nobody knows whose row it was: nothing that the file feeds is ended', async () => {
    const staged = await stageChanged(
      (changed) => {
        changed.student.splice(1, 1);
        changed.teacher.pop();
        const kept = changed.studentenrollment.filter((row) => row['SIS ID'] !== 'S1P2');
        changed.studentenrollment.splice(0, changed.studentenrollment.length, ...kept);
        changed.teacherroster.pop();
      },
      broken('Student.csv', 2, ',,,,"open'),
    );
    assert.deepEqual(shownActions(staged), [
      'end enrollment',
      'end enrollment',
      'end enrollment',
      'end role',
      'end teacher',
    ]);
    assert.deepEqual(
      shownFindings(staged.findings).filter((line) => line.startsWith('ABSENCE')),
      [
        'ABSENCE_NOT_PROVEN student.csv student (information)',
        'ABSENCE_NOT_PROVEN student.csv role (information)',
      ],
    );
    // What hangs on the person in the unreadable row waits too, and is no error of its own.
    assert.equal(
      staged.findings.some(({ code }) => code === 'REFERENCE_NOT_FOUND'),
      false,
    );
    const later = await stageFiles(csvFiles(roster), { after: staged });
    assert.deepEqual(shownActions(later), [
      'create enrollment S1C1/S1P2',
      'create enrollment S1C3/S1P2',
      'create enrollment S2C3/S2C3T',
      'create role S2/S2C3T',
      'create teacher S2C3T',
    ]);
  });

  for (const [name, breakFile] of [
    ['its id holds a control character', (text: string) => text.replace('S1P1,', 'S1\0P1,')],
    [
      'it stands behind another row, without a line break',
      (text: string) => text.replace('\r\nS1P2,', ',S1P2,'),
    ],
    ['it stands behind a lone carriage return', (text: string) => text.replace('\r\nS1P2,', '\rS1P2,')],
  ] as const)
    test(`when ${name}: nobody is ended`, async () => {
      const staged = await stageChanged(nothing, (files) => {
        files['Student.csv'] = breakFile(must(files['Student.csv']));
      });
      assert.deepEqual(shownActions(staged), []);
      assert.ok(shownFindings(staged.findings).includes('ABSENCE_NOT_PROVEN student.csv role (information)'));
    });

  test('terms and courses end only when every section could be read', async () => {
    const drop = (changed: SmallRoster): void => {
      for (const row of changed.section) row['Course SIS ID'] = 'K1';
    };
    assert.deepEqual(
      shownActions(await stageChanged(drop)).filter((line) => line.startsWith('end')),
      ['end course', 'end course'],
    );
    const staged = await stageChanged((changed) => {
      drop(changed);
      must(changed.section[0])['Section Name'] = '';
    });
    assert.deepEqual(
      shownActions(staged).filter((line) => line.startsWith('end')),
      [],
    );
  });
});

describe('laws', () => {
  const files: FileName[] = ['school', 'section', 'student', 'teacher', 'studentenrollment', 'teacherroster'];
  const size = fc.record({
    schools: fc.integer({ min: 1, max: 3 }),
    sections: fc.integer({ min: 2, max: 4 }),
    students: fc.integer({ min: 0, max: 12 }),
  });
  /** A roster and another one made from it by leaving out, changing and adding rows. */
  const twoRosters = fc.tuple(size, fc.infiniteStream(fc.nat(99))).map(([shape, numbers]) => {
    const next = (): number => must(numbers.next().value as number | undefined);
    const one = smallRoster(shape);
    const other = smallRoster({ ...shape, students: shape.students + (next() % 3) });
    for (const file of files) {
      if (file === 'school' || file === 'section') continue;
      other[file].splice(0, other[file].length, ...other[file].filter(() => next() % 8 !== 0));
    }
    for (const row of other.student) if (next() % 6 === 0) row['First Name'] = `New${next()}`;
    for (const row of other.section) if (next() % 6 === 0) row['Section Name'] = `New ${next()}`;
    for (const row of other.teacher) if (next() % 6 === 0) row['First Name'] = '';
    return { one, other };
  });
  const confirmedFiles = ['student.csv', 'teacher.csv', 'studentenrollment.csv', 'teacherroster.csv'];
  const summary = (staged: StagedFiles): unknown[] =>
    staged.items
      .map(({ action, kind, key, content, after, firstKey, secondKey, thirdKey, schoolId }) =>
        JSON.stringify([action, kind, key, content, after, firstKey, secondKey, thirdKey, schoolId]),
      )
      .toSorted();
  const contentOf = (staged: StagedFiles): string[] =>
    Array.from({ length: staged.next.size }, (_, entry) =>
      [staged.next.uuid(entry), staged.next.contentNumber(entry), staged.next.code(entry)].join(' '),
    ).toSorted();

  test('the plan of the same files against their own snapshot is empty', async () => {
    await fc.assert(
      fc.asyncProperty(twoRosters, async ({ one, other }) => {
        const first = await stageFiles(csvFiles(one), { confirmedFiles });
        const second = await stageFiles(csvFiles(other), { after: first, confirmedFiles });
        const third = await stageFiles(csvFiles(other), { after: second, confirmedFiles });
        assert.deepEqual(shown(third.items), []);
        assert.deepEqual(contentOf(third), contentOf(second));
      }),
      { numRuns: 40 },
    );
  });

  test('the order of rows does not matter for the set of items', async () => {
    await fc.assert(
      fc.asyncProperty(twoRosters, fc.infiniteStream(fc.nat()), async ({ one, other }, numbers) => {
        const first = await stageFiles(csvFiles(one), { confirmedFiles });
        const second = await stageFiles(csvFiles(other), { after: first, confirmedFiles });
        const shuffled = copyOf(other);
        for (const file of files) shuffle(shuffled[file], numbers);
        const again = await stageFiles(csvFiles(shuffled), { after: first, confirmedFiles });
        assert.deepEqual(summary(again), summary(second));
        assert.deepEqual(contentOf(again), contentOf(second));
        assert.deepEqual(again.result.kinds, second.result.kinds);
      }),
      { numRuns: 40 },
    );
  });

  test('step by step or at once: the same snapshot, if no row is bad', async () => {
    await fc.assert(
      fc.asyncProperty(twoRosters, async ({ one, other }) => {
        for (const row of other.teacher) row['First Name'] ||= 'Tea';
        dropDangling(other);
        const first = await stageFiles(csvFiles(one), { confirmedFiles });
        const second = await stageFiles(csvFiles(other), { after: first, confirmedFiles });
        const atOnce = await stageFiles(csvFiles(other), { confirmedFiles });
        assert.deepEqual(contentOf(second), contentOf(atOnce));
      }),
      { numRuns: 40 },
    );
  });

  test('how the bytes are cut into chunks does not matter', async () => {
    const texts = csvFiles(roster);
    const expected = summary(await stageFiles(texts));
    for (const chunkBytes of [1, 7, 64, 1000])
      assert.deepEqual(summary(await stageFiles(texts, { chunkBytes })), expected);
  });

  function shuffle<T>(rows: T[], numbers: Iterator<number>): void {
    for (let i = rows.length - 1; i > 0; i -= 1) {
      const j = must(numbers.next().value as number | undefined) % (i + 1);
      const row = must(rows[i]);
      rows[i] = must(rows[j]);
      rows[j] = row;
    }
  }

  function dropDangling(one: SmallRoster): void {
    const students = new Set(one.student.map((row) => row['SIS ID']));
    const teachers = new Set(one.teacher.map((row) => row['SIS ID']));
    const keep = (file: 'studentenrollment' | 'teacherroster', ids: Set<string | undefined>): void => {
      one[file].splice(0, one[file].length, ...one[file].filter((row) => ids.has(row['SIS ID'])));
    };
    keep('studentenrollment', students);
    keep('teacherroster', teachers);
  }
});
