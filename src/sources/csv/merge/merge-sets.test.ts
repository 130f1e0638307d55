import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { mergeFiles, oneRosterManifest } from '#test/helpers/merge-files.ts';
import { shownFindings } from '#test/helpers/stage-files.ts';

const ORGS_HEAD = 'sourcedId,status,dateLastModified,name,type,identifier,parentSourcedId';
const ORGS = [
  ORGS_HEAD,
  'o1,,,First,school,,',
  'o2,,,"Second, or ""two""",school,,',
  'o3,,,Third,school,,',
  '',
].join('\r\n');
const ENROLLMENTS_HEAD =
  'sourcedId,status,dateLastModified,classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate';

const manifest = (modes: Readonly<Record<string, string>>): string => oneRosterManifest('1.2', modes);

async function mergeOrgs(base: string, delta: string | Uint8Array): ReturnType<typeof mergeFiles> {
  return mergeFiles({ 'orgs.csv': base }, { 'manifest.csv': manifest({ orgs: 'delta' }), 'orgs.csv': delta });
}

async function linesOf(base: string, delta: string | Uint8Array): Promise<string[]> {
  const { files, findings } = await mergeOrgs(base, delta);
  assert.ok(files !== null, JSON.stringify(findings.kept));
  return (files['orgs.csv'] ?? '').split('\r\n');
}

describe('a delta file is merged into the file that was kept', () => {
  test('totals under the rows of either are no rows of the merged one', async () => {
    const delta = `${ORGS_HEAD}\no2,active,,New,school,,\nTotal: 1,,,,,,\n(1 rows affected),,,,,,\n`;
    const { files, findings } = await mergeOrgs(`${ORGS}Total: 3,,,,,,\r\n`, delta);
    assert.deepEqual(files?.['orgs.csv']?.split('\r\n'), [
      ORGS_HEAD,
      'o2,active,,New,school,,',
      'o1,,,First,school,,',
      'o3,,,Third,school,,',
      '',
    ]);
    assert.deepEqual(shownFindings(findings.kept), [
      'ROW_TOTALS orgs.csv:3 (warning)',
      'ROW_TOTALS orgs.csv:4 (warning)',
    ]);
  });

  test('a row that looks like totals in the middle is a row', async () => {
    const delta = `${ORGS_HEAD}\nTotal: 1,,,,,,\no2,active,,New,school,,\n`;
    assert.deepEqual((await linesOf(ORGS, delta)).slice(1, 3), ['Total: 1,,,,,,', 'o2,active,,New,school,,']);
  });

  test('its rows first, on their lines; behind them those that it does not change', async () => {
    const delta = [
      ORGS_HEAD,
      '',
      'o2,active,2026-03-01T00:00:00Z,New,school,,',
      'o3,tobedeleted,2026-03-01T00:00:00Z,Third,school,,',
    ].join('\n');
    const { files, summaries, findings } = await mergeOrgs(ORGS, delta);
    assert.deepEqual(files?.['orgs.csv']?.split('\r\n'), [
      ORGS_HEAD,
      '',
      'o2,active,2026-03-01T00:00:00Z,New,school,,',
      'o3,tobedeleted,2026-03-01T00:00:00Z,Third,school,,',
      'o1,,,First,school,,',
      '',
    ]);
    assert.deepEqual(shownFindings(findings.kept), []);
    assert.deepEqual(summaries, [
      {
        file: 'orgs.csv',
        from: 'delta',
        deltaRows: 2,
        replacedRows: 2,
        outdatedRows: 0,
        keptRows: 1,
        deltaLines: 4,
      },
    ]);
  });

  test('quotes and separators of values stay', async () => {
    const [, , row] = await linesOf(ORGS, `${ORGS_HEAD}\no1,active,,Other,school,,\n`);
    assert.equal(row, 'o2,,,"Second, or ""two""",school,,');
  });

  test('a header alone changes nothing', async () => {
    assert.deepEqual((await linesOf(ORGS, `${ORGS_HEAD}\n`)).toSorted(), ORGS.split('\r\n').toSorted());
  });

  test('the same delta twice comes to the same', async () => {
    const delta = `${ORGS_HEAD}\no1,active,2026-03-01,Other,school,,\no9,tobedeleted,2026-03-01,,,,\n`;
    const once = await linesOf(ORGS, delta);
    assert.deepEqual(await linesOf(once.join('\r\n'), delta), once);
  });

  test('columns are mapped by title, whatever their order; those that the delta does not have stay as they were', async () => {
    const base =
      'name,type,sourcedId,status,dateLastModified,metadata.colour\nFirst,school,o1,,,red\nSecond,school,o2,,,blue\n';
    const delta = `sourcedId,Status,dateLastModified,type,name,identifier\no2,active,,school,New,77\no5,active,,school,Fifth,5\n`;
    assert.deepEqual(await linesOf(base, delta), [
      'sourcedId,Status,dateLastModified,type,name,identifier,metadata.colour',
      'o2,active,,school,New,77,blue',
      'o5,active,,school,Fifth,5,',
      'o1,,,school,First,,red',
      '',
    ]);
  });

  test('another encoding and separator becomes UTF-8 and commas', async () => {
    const text = `${ORGS_HEAD.replaceAll(',', ';')}\no2;active;;Zoë, Ltd;school;;\n`;
    const { files, findings } = await mergeOrgs(ORGS, Buffer.from(`\ufeff${text}`, 'utf16le'));
    assert.match(files?.['orgs.csv'] ?? '', /^o2,active,,"Zoë, Ltd",school,,\r$/mu);
    assert.deepEqual(shownFindings(findings.kept), [
      'ENCODING_ASSUMED orgs.csv (warning)',
      'SEPARATOR_ASSUMED orgs.csv (information)',
    ]);
  });

  test('a file that was never there begins with its delta', async () => {
    const { files } = await mergeFiles(
      {},
      {
        'manifest.csv': manifest({ orgs: 'delta' }),
        'orgs.csv': `${ORGS_HEAD}\no1,active,,First,school,,\n`,
      },
    );
    assert.equal(files?.['orgs.csv'], `${ORGS_HEAD}\r\no1,active,,First,school,,\r\n`);
  });

  test('how the bytes are cut makes no difference', async () => {
    const delta = `${ORGS_HEAD}\no2,active,,"Né, ""x""",school,,\n`;
    const upload = { 'manifest.csv': manifest({ orgs: 'delta' }), 'orgs.csv': delta };
    const whole = await mergeFiles({ 'orgs.csv': ORGS }, upload);
    for (const size of [1, 3, 17])
      assert.deepEqual((await mergeFiles({ 'orgs.csv': ORGS }, upload, size)).files, whole.files);
  });
});

describe('rows that are not taken leave what is known', () => {
  const base = `${ORGS_HEAD}\no1,active,2026-03-05T10:00:00Z,First,school,,\no2,tobedeleted,2026-03-05,Second,school,,\n`;

  test('a row that is older than another one of its record in the same file', async () => {
    const delta = [
      ORGS_HEAD,
      'o1,active,2026-03-06T09:00:00Z,Renamed,school,,',
      'o1,tobedeleted,2026-03-06T10:00:00Z,Renamed,school,,',
      'o3,tobedeleted,2026-03-06T10:00:00Z,New,school,,',
      'o3,active,2026-03-06T09:00:00Z,New,school,,',
      'o4,new,2026-03-07,New,school,,',
      'o4,active,2026-03-06,New,school,,',
      'o5,active,2026-03-07',
      'o5,active,2026-03-06,New,school,,',
      '',
    ].join('\n');
    const { files, findings } = await mergeOrgs(base, delta);
    assert.deepEqual(
      files?.['orgs.csv']?.split('\r\n').filter((line) => line !== ''),
      [
        ORGS_HEAD,
        'o1,tobedeleted,2026-03-06T10:00:00Z,Renamed,school,,',
        'o3,tobedeleted,2026-03-06T10:00:00Z,New,school,,',
        'o4,active,2026-03-06,New,school,,',
        'o5,active,2026-03-07',
        'o5,active,2026-03-06,New,school,,',
        'o2,tobedeleted,2026-03-05,Second,school,,',
      ],
    );
    assert.deepEqual(shownFindings(findings.kept), [
      'ROW_OUTDATED orgs.csv:2 dateLastModified (warning)',
      'ROW_OUTDATED orgs.csv:5 dateLastModified (warning)',
      'ENUM_UNKNOWN orgs.csv:6 status (error)',
    ]);
  });

  test('a row that is older than the kept one', async () => {
    const delta = [
      ORGS_HEAD,
      'o1,active,2026-03-05T09:00:00Z,Old,school,,',
      'o2,active,2026-03-04,Old,school,,',
      'o3,active,2020-01-01,New,school,,',
      '',
    ].join('\n');
    const { files, summaries, findings } = await mergeOrgs(base, delta);
    assert.deepEqual(files?.['orgs.csv']?.split('\r\n'), [
      ORGS_HEAD,
      '',
      '',
      'o3,active,2020-01-01,New,school,,',
      'o1,active,2026-03-05T10:00:00Z,First,school,,',
      'o2,tobedeleted,2026-03-05,Second,school,,',
      '',
    ]);
    assert.deepEqual(shownFindings(findings.kept), [
      'ROW_OUTDATED orgs.csv:2 dateLastModified (warning)',
      'ROW_OUTDATED orgs.csv:3 dateLastModified (warning)',
    ]);
    assert.equal(findings.kept[0]?.sourceId, 'o1');
    assert.equal(summaries[0]?.outdatedRows, 2);
  });

  test('a row that is as old, newer, or says nothing of its time', async () => {
    for (const date of ['2026-03-05T10:00:00Z', '2026-03-05T11:00:00+01:00', '2027-01-01', '', 'yesterday']) {
      const lines = await linesOf(base, `${ORGS_HEAD}\no1,active,${date},Other,school,,\n`);
      assert.ok(lines.includes(`o1,active,${date},Other,school,,`), date);
      assert.ok(!lines.some((line) => line.includes('First')), date);
    }
  });

  test('inactive, as OneRoster 1.0 says it, is a status that is known', async () => {
    const lines = await linesOf(base, `${ORGS_HEAD}\no1,inactive,2026-03-06,First,school,,\n`);
    assert.equal(lines[1], 'o1,inactive,2026-03-06,First,school,,');
    assert.equal(lines.filter((line) => line.startsWith('o1')).length, 1);
  });

  test('a status that nobody knows', async () => {
    const { files, findings } = await mergeOrgs(base, `${ORGS_HEAD}\no1,deleted,,First,school,,\n`);
    assert.match(files?.['orgs.csv'] ?? '', /o1,active,2026-03-05/u);
    assert.deepEqual(shownFindings(findings.kept), ['ENUM_UNKNOWN orgs.csv:2 status (error)']);
  });

  test('an enrollment without sourcedId', async () => {
    const { files, findings } = await mergeFiles(
      { 'enrollments.csv': `${ENROLLMENTS_HEAD}\ne1,,,c1,o1,u1,student,,,\n` },
      {
        'manifest.csv': manifest({ enrollments: 'delta' }),
        'enrollments.csv': `${ENROLLMENTS_HEAD}\n,tobedeleted,,c1,o1,u1,student,,,\n`,
      },
    );
    assert.match(files?.['enrollments.csv'] ?? '', /^e1,,,c1/mu);
    assert.deepEqual(shownFindings(findings.kept), ['REQUIRED_MISSING enrollments.csv:2 sourcedId (error)']);
  });
});

describe('broken rows stay broken', () => {
  const broken: readonly [name: string, row: string, kept: string][] = [
    ['too few fields', 'o2,active', 'o2,active'],
    ['too many fields', 'o2,active,,New,school,,,,', 'o2,active,,New,school,,,,'],
    ['an open quote', 'o2,active,,"New,school,,', 'o2,active,,"'],
    ['a control character', 'o2,active,,Ne\u0001w,school,,', 'o2,active,,Ne\u0001w,school,,'],
  ];
  for (const [name, row, kept] of broken) {
    test(`${name}: in the place of the row that it is about`, async () => {
      const lines = await linesOf(ORGS, `${ORGS_HEAD}\n${row}\n`);
      assert.deepEqual(lines.slice(0, 2), [ORGS_HEAD, kept]);
      assert.equal(lines.filter((line) => line.startsWith('o2')).length, 1);
    });
    test(`${name}: kept by the next delta, and replaced by a good row`, async () => {
      const base = `${ORGS_HEAD}\n${row}\no1,,,First,school,,\n`;
      assert.ok((await linesOf(base, `${ORGS_HEAD}\no1,active,,Other,school,,\n`)).includes(kept));
      const corrected = await linesOf(base, `${ORGS_HEAD}\no2,active,,Good,school,,\n`);
      assert.deepEqual(
        corrected.filter((line) => line.startsWith('o2')),
        ['o2,active,,Good,school,,'],
      );
    });
  }

  test('of which nobody can tell whose they are, behind one that is replaced: they stay, and so does what they may be about', async () => {
    const base = `${ORGS_HEAD}\no1,,,First,school,,\n"o2,,,Second,school,,\no3,,,Third,school,,\n`;
    assert.deepEqual(await linesOf(base, `${ORGS_HEAD}\no1,active,,Other,school,,\n`), [
      ORGS_HEAD,
      'o1,active,,Other,school,,',
      '"',
      'o3,,,Third,school,,',
      '',
    ]);
  });

  test('where the kept file has a column more: no row becomes whole by it, and none gets a value of another column', async () => {
    const base =
      'sourcedId,status,dateLastModified,name,type,metadata.colour\n' +
      'o1,,2026-03-09,First,moved,school,red\no2,,,Second,school,blue\n';
    const head = 'sourcedId,status,dateLastModified,name,type';
    const lines = await linesOf(
      base,
      `${head}\no1,active,2026-03-08,Good,school\no2,active,,Second,moved,school\n`,
    );
    assert.deepEqual(lines, [
      `${head},metadata.colour`,
      'o1,active,2026-03-08,Good,school,',
      'o2,active,,Second,moved,school,',
      '',
    ]);
  });

  test('a row whose columns have moved belongs to nobody when the columns are others', async () => {
    const lines = await linesOf(
      `${ORGS_HEAD}\no1,active\n`,
      'sourcedId,status,dateLastModified,type,name\no5,active,,school,Fifth\n',
    );
    assert.equal(lines[2], '"');
  });
});

describe('a delta file that cannot be used', () => {
  const cases: readonly [name: string, delta: string | Uint8Array, finding: string][] = [
    ['is cut off', `${ORGS_HEAD}\no1,active,,Fir`, 'FILE_TRUNCATED orgs.csv:2 (fatal)'],
    ['is empty', '', 'HEADER_UNREADABLE orgs.csv (fatal)'],
    ['lacks a column', 'sourcedId,status,type\no1,active,school\n', 'HEADER_MISSING orgs.csv:1 name (fatal)'],
    [
      'lacks the status',
      'sourcedId,name,type\no1,First,school\n',
      'HEADER_MISSING orgs.csv:1 status (fatal)',
    ],
    [
      'is no text',
      Buffer.from(`${ORGS_HEAD}\no1,active,,\u0000\u0081,school,,\n`, 'latin1'),
      'ENCODING_NOT_UTF8 orgs.csv:2 (fatal)',
    ],
  ];
  for (const [name, delta, finding] of cases)
    test(name, async () => {
      const { files, findings } = await mergeOrgs(ORGS, delta);
      assert.equal(files, null);
      assert.deepEqual(shownFindings(findings.kept), [finding]);
    });

  test('the kept file lacks the column that rows are told apart by', async () => {
    await assert.rejects(mergeOrgs('name,type\nFirst,school\n', `${ORGS_HEAD}\n`), /no column "sourcedId"/u);
  });

  test('the kept file is cut off', async () => {
    for (const date of ['', '2026-03-01'])
      await assert.rejects(
        mergeOrgs(ORGS.slice(0, -12), `${ORGS_HEAD}\no1,active,${date},First,school,,\n`),
        /orgs\.csv of the last whole set cannot be read: .* in the middle of line 4/u,
      );
  });
});

describe('a set may mix', () => {
  const base = { 'orgs.csv': ORGS, 'courses.csv': 'kept as it is', 'users.csv': 'old' };
  const users =
    'sourcedId,status,dateLastModified,enabledUser,username,givenName,familyName\nu1,,,true,u1,Given,Family\n';

  test('a whole file that cannot be read stops it', async () => {
    const { files, findings } = await mergeFiles(base, {
      'manifest.csv': manifest({ orgs: 'delta', users: 'bulk' }),
      'orgs.csv': `${ORGS_HEAD}\n`,
      'users.csv': users.slice(0, -14),
    });
    assert.equal(files, null);
    assert.deepEqual(shownFindings(findings.kept), ['FILE_TRUNCATED users.csv:2 (fatal)']);
  });

  test('whole files take the place of the kept ones, absent ones stay byte for byte', async () => {
    const { files, summaries } = await mergeFiles(base, {
      'manifest.csv': manifest({ orgs: 'delta', users: 'bulk', courses: 'absent' }),
      'orgs.csv': `${ORGS_HEAD}\n`,
      'users.csv': users,
    });
    assert.equal(files?.['courses.csv'], 'kept as it is');
    assert.equal(files['users.csv'], users);
    assert.deepEqual(
      summaries.map(({ file, from }) => `${file} ${from}`),
      ['orgs.csv delta', 'courses.csv kept', 'users.csv bulk'],
    );
  });

  test('files that a damaged zip holds are taken for nothing', async () => {
    const upload = {
      'manifest.csv': manifest({ orgs: 'delta', users: 'bulk', courses: 'absent' }),
      'orgs.csv': `${ORGS_HEAD}\n`,
      'users.csv': users,
    };
    for (const name of ['orgs.csv', 'users.csv'])
      assert.equal((await mergeFiles(base, upload, 100, { upload: name })).files, null, name);
    for (const name of ['orgs.csv', 'courses.csv'])
      await assert.rejects(mergeFiles(base, upload, 100, { base: name }), /its zip is damaged/u, name);
  });

  test('a manifest that says that no file is there changes nothing', async () => {
    const { files } = await mergeFiles(base, {
      'manifest.csv': manifest({ orgs: 'absent', users: 'absent', courses: 'absent' }),
    });
    assert.deepEqual(files, base);
  });

  test('the manifest must say of each file what it is', async () => {
    const { files, findings } = await mergeFiles(base, {
      'manifest.csv': manifest({ orgs: 'delta', courses: 'delta' }),
      'orgs.csv': `${ORGS_HEAD}\n`,
      'users.csv': 'new',
    });
    assert.equal(files, null);
    assert.deepEqual(shownFindings(findings.kept), [
      'MANIFEST_MISMATCH courses.csv (fatal)',
      'MANIFEST_MISMATCH users.csv (fatal)',
    ]);
  });

  test('manifest.json is compared with what was sent', async () => {
    const upload = {
      'manifest.csv': manifest({ orgs: 'delta' }),
      'orgs.csv': `${ORGS_HEAD}\no1,active,,First,school,,\n`,
    };
    const sent = (rows: number): string => JSON.stringify({ files: [{ name: 'orgs.csv', rows }] });
    assert.ok((await mergeFiles(base, { ...upload, 'manifest.json': sent(1) })).files !== null);
    const { findings } = await mergeFiles(base, { ...upload, 'manifest.json': sent(2) });
    assert.deepEqual(shownFindings(findings.kept), ['MANIFEST_MISMATCH orgs.csv (fatal)']);
  });
});
