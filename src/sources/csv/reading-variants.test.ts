import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';

import { shownFindings, stageFiles } from '#test/helpers/stage-files.ts';

type Files = Readonly<Record<string, string | Buffer>>;

/** As the documentation of the format wants it: what every other way of writing it has to be read as. */
const PLAIN: Readonly<Record<string, string>> = {
  'school.csv': 'SIS ID,Name\nA,"Élan, Nord"\nB,Brîch – “B”\n',
  'section.csv':
    'SIS ID,School SIS ID,Section Name,Term SIS ID,Term Name,Term StartDate,Term EndDate\nm1,A,Math,T1,Automne,2026-09-01,2027-07-31\nm2,B,Chœur,T1,Automne,2026-09-01,2027-07-31\n',
  'student.csv':
    'SIS ID,School SIS ID,First Name,Last Name,Username,Birthdate\n1,A,Zoë,Größe,zgroesse,2015-03-01\n2,B,Ben,D’Acosta,bfir,2014-04-22\n',
  'teacher.csv': 'SIS ID,School SIS ID,First Name,Last Name,Username\n1,A,Téa,Oak,toak\n',
  'studentenrollment.csv': 'Section SIS ID,SIS ID\nm1,1\nm2,2\n',
  'teacherroster.csv': 'Section SIS ID,SIS ID\nm1,1\n',
};

const each = (edit: (text: string) => string | Buffer): Files =>
  Object.fromEntries(Object.entries(PLAIN).map(([name, text]) => [name, edit(text)]));

const bigEndian = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const WINDOWS: Readonly<Record<string, number>> = { '–': 0x96, '“': 0x93, '”': 0x94, œ: 0x9c, '’': 0x92 };
const windows1252 = (text: string): Buffer =>
  Buffer.from(Array.from(text, (one) => WINDOWS[one] ?? one.charCodeAt(0)));
/** Quoted values stay whole: only commas outside quotes are replaced. */
const separatedBy =
  (separator: string) =>
  (text: string): string =>
    text.replaceAll(/"[^"]*"|,/g, (part) => (part === ',' ? separator : part));
const dated = (year4: (y: string, m: string, d: string) => string): Files =>
  each((text) =>
    text.replaceAll(/(\d{4})-(\d\d)-(\d\d)/g, (_, y: string, m: string, d: string) => year4(y, m, d)),
  );

const NAMES = Object.keys(PLAIN);
const ordered = [
  'DATE_ORDER_ASSUMED section.csv Term EndDate',
  'DATE_ORDER_ASSUMED section.csv Term StartDate',
  'DATE_ORDER_ASSUMED student.csv Birthdate',
];
const encoded = NAMES.map((name) => `ENCODING_ASSUMED ${name}`);
/** Files without a letter beyond ASCII are UTF-8 just as well. */
const accented = encoded.filter((line) => !/enrollment|teacherroster/.test(line));
const separated = NAMES.map((name) => `SEPARATOR_ASSUMED ${name}`);

const variants: [name: string, files: Files, findings: readonly string[]][] = [
  ['UTF-8 with a BOM', each((text) => `\ufeff${text}`), []],
  ['UTF-16 little endian with a BOM', each((text) => Buffer.from(`\ufeff${text}`, 'utf16le')), encoded],
  ['UTF-16 big endian with a BOM', each((text) => bigEndian(`\ufeff${text}`)), encoded],
  ['UTF-16 little endian without a BOM', each((text) => Buffer.from(text, 'utf16le')), encoded],
  ['UTF-16 big endian without a BOM', each(bigEndian), encoded],
  ['Windows-1252', each(windows1252), accented],
  ['semicolons', each(separatedBy(';')), separated],
  ['tabs', each(separatedBy('\t')), separated],
  [
    'a spreadsheet’s Unicode text: UTF-16, tabs, CRLF',
    each((text) => Buffer.from(`\ufeff${separatedBy('\t')(text).replaceAll('\n', '\r\n')}`, 'utf16le')),
    [...encoded, ...separated],
  ],
  [
    'titles in capitals with underscores',
    each((text) => text.replace(/.*/, (header) => header.toUpperCase().replaceAll(' ', '_'))),
    [],
  ],
  ['dates of the United States', dated((y, m, d) => `${Number(m)}/${Number(d)}/${y}`), ordered],
  ['dates of the United Kingdom', dated((y, m, d) => `${d}/${m}/${y}`), ordered],
  ['dates of Germany', dated((y, m, d) => `${Number(d)}.${Number(m)}.${y}`), ordered],
  ['dates of Czechia', dated((y, m, d) => `${Number(d)}. ${Number(m)}. ${y}`), ordered],
  [
    'dates of the Netherlands, in UTF-16',
    each((text) => Buffer.from(text.replaceAll(/(\d{4})-(\d\d)-(\d\d)/g, '$3-$2-$1'), 'utf16le')),
    [...encoded, ...ordered],
  ],
  ['dates without separators', dated((y, m, d) => y + m + d), []],
  [
    'quoted throughout, empty rows at the end',
    each(
      (text) =>
        `${text.replaceAll(/"[^"]*"|[^,\n]+/g, (part) => (part.startsWith('"') ? part : `"${part}"`))},,,\n"",""\n\n`,
    ),
    [],
  ],
];

describe('a roster that is written otherwise is read the same', async () => {
  const plain = await stageFiles(PLAIN);
  for (const [name, files, expected] of variants) {
    test(name, async () => {
      for (const chunkBytes of [1 << 20, 7]) {
        const { items, findings, result } = await stageFiles(files, { chunkBytes });
        assert.deepEqual(
          findings.map(({ code, file, field }) => [code, file, field].filter(Boolean).join(' ')).toSorted(),
          [...expected].toSorted(),
        );
        assert.deepEqual(items, plain.items);
        assert.deepEqual(
          result.files.map(({ rows, sizeBytes }) => [rows, sizeBytes]),
          NAMES.map((file) => [
            PLAIN[file]?.trim().split('\n').slice(1).length,
            Buffer.byteLength(files[file] ?? ''),
          ]),
        );
      }
    });
  }

  const declared: [name: string, files: Files, findings: readonly string[]][] = [
    ['semicolons', each((text) => `sep=;\r\n${separatedBy(';')(text)}`), separated],
    ['commas, after a BOM and in quotes', each((text) => `\ufeff"sep=,"\n${text}`), []],
    [
      'tabs, in UTF-16',
      each((text) => Buffer.from(`SEP=\t\n${separatedBy('\t')(text)}`, 'utf16le')),
      [...encoded, ...separated],
    ],
  ];
  for (const [name, files, expected] of declared)
    test(`a first line that names the separator: ${name}`, async () => {
      for (const chunkBytes of [1 << 20, 7]) {
        const { items, findings } = await stageFiles(files, { chunkBytes });
        const shown = findings.map(({ code, file }) => `${code} ${file}`);
        assert.deepEqual(shown.toSorted(), [...expected].toSorted());
        const below = plain.items.map((item) => ({ ...item, line: Number(item.line) + 1 }));
        assert.deepEqual(items, below);
      }
    });

  test('a first line that names another separator than is read', async () => {
    const { findings } = await stageFiles(each((text) => `sep=|\n${separatedBy('|')(text)}`));
    const [finding] = findings.filter(({ file }) => file === 'school.csv');
    assert.equal(finding?.code, 'HEADER_UNREADABLE');
    assert.match(finding.message, /separated by "\|"/u);
  });

  test('and the plain one is without findings', () => assert.deepEqual(shownFindings(plain.findings), []));
});

test('the same bytes have the same hash, in whatever encoding they are', async () => {
  const files = variants.find(([name]) => name === 'Windows-1252')?.[1] ?? {};
  const first = await stageFiles(files);
  assert.deepEqual(
    first.result.files.map(({ sha256 }) => sha256),
    NAMES.map((name) =>
      createHash('sha256')
        .update(files[name] ?? '')
        .digest('hex'),
    ),
  );
});

test('a file is not read as Windows-1252 from the middle on', async () => {
  const rows = Array.from({ length: 40_000 }, (_, i) => `S${i},School ${i}\n`).join('');
  const bytes = Buffer.concat([
    Buffer.from(`SIS ID,Name\n${rows}`),
    windows1252('Z,Élan\n'),
    windows1252('Y,Été\n'),
  ]);
  const { items, findings } = await stageFiles({
    ...PLAIN,
    'school.csv': bytes,
    'section.csv': 'SIS ID,School SIS ID,Section Name\n',
  });
  assert.equal(findings[0]?.code, 'ENCODING_ASSUMED');
  assert.match(JSON.stringify(items), /Élan.*Été/);
  const mixed = Buffer.concat([Buffer.from('SIS ID,Name\nA,Élan\n'), windows1252('B,Élan\n')]);
  const refused = await stageFiles({ ...PLAIN, 'school.csv': mixed });
  const finding = refused.findings.find(({ code }) => code === 'ENCODING_NOT_UTF8');
  assert.match(String(finding?.message), /^Line 3 .* other parts of the file are UTF-8\.$/);
});
