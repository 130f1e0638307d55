import assert from 'node:assert/strict';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { CSV_LIMITS, CsvReader, type CsvLimits, type EncodingFault } from './csv-reader.ts';

interface Read {
  rows: { line: number; fields: string[]; fault: string | null; withoutBreak: boolean }[];
  encodingFault: EncodingFault | null;
}

/** Reads `bytes` in pieces that end at `cuts`. */
function read(bytes: Buffer, cuts: readonly number[] = [], limits: CsvLimits = CSV_LIMITS): Read {
  const rows: Read['rows'] = [];
  const reader = new CsvReader((row) => {
    const fields = Array.from({ length: row.count }, (_, i) =>
      row.bytes.toString('utf8', row.starts[i], row.ends[i]),
    );
    rows.push({ line: row.line, fields, fault: row.fault, withoutBreak: row.withoutBreak });
  }, limits);
  let from = 0;
  for (const to of [...cuts, bytes.length].sort((a, b) => a - b)) {
    const chunk = Buffer.from(bytes.subarray(from, to));
    reader.push(chunk);
    // Whoever gave it may use it again.
    chunk.fill('x');
    from = Math.max(from, to);
  }
  reader.end();
  return { rows, encodingFault: reader.encodingFault };
}

const cases: [name: string, text: string, rows: (string[] | string)[]][] = [
  ['LF', 'a,b\nc,d\n', ['a|b', 'c|d']],
  ['CRLF', 'a,b\r\nc,d\r\n', ['a|b', 'c|d']],
  ['no line break at the end', 'a,b\nc,d', ['a|b', 'c|d']],
  ['BOM', '\ufeffa,b\n', ['a|b']],
  ['BOM before a quote', '\ufeff"a",b\n', ['a|b']],
  ['BOMs where files were joined', 'a,b\n\ufeffc,d\n\ufeff"e",f\n\ufeff\n', ['a|b', 'c|d', 'e|f']],
  ['a BOM elsewhere is a character', 'a,\ufeffb\n', ['a|\ufeffb']],
  ['nothing', '', []],
  ['a BOM alone', '\ufeff', []],
  ['empty fields', ',a,,\n', ['|a||']],
  ['blank rows are skipped, and counted', '\n a\n\r\n,,\n  \t,\nb\n', ['2: a', '6: b']],
  ['blanks around values', ' a ,\tb\t, " \n', ['a|b brokenQuote']],
  ['quoted', '"a,b","c ""d""",""\n', ['a,b|c "d"|']],
  ['quoted with blanks inside the quotes', '" a ",b\n', ['a|b']],
  ['quoted at the end of the file', 'a,"b"', ['a|b']],
  ['quoted before CRLF', '"a"\r\n"b"\r\n', ['a', 'b']],
  ['only doubled quotes', '"""",""""""\n', ['"|""']],
  ['a quote inside a value', 'a"b,c\nd,e\n', [' brokenQuote', 'd|e']],
  ['text behind a quote', 'x,"a"b,c\nd\n', ['x brokenQuote', 'd']],
  ['a quote that is not closed', 'x,"a,b\nc,d\n', ['x brokenQuote', 'c|d']],
  ['a quote that is not closed, with doubled ones before', '"a""""b\nc\n', [' brokenQuote', 'c']],
  ['a quote that is not closed at the end', 'a\n"b', ['a', ' brokenQuote']],
  ['a line break inside a value', 'a,"b\nc",d\ne\n', ['a brokenQuote', ' brokenQuote', 'e']],
  ['a lone CR', 'a\rb\n', ['a\rb controlCharacter']],
  ['NUL', 'a\0,b\n"c\0"\n', ['a\0|b controlCharacter', 'c\0 controlCharacter']],
  ['a tab inside', 'a\tb\n"a\tb"\n', ['a\tb', 'a\tb']],
  ['DEL', 'a,b\nc\x7f,d\n', ['a|b', 'c\x7f|d controlCharacter']],
  ['U+0085, quoted', 'a\n"a\u0085",b\nc\n', ['a', 'a\u0085|b controlCharacter', 'c']],
  [
    'U+009F and what is no control character',
    'a\u009f\nb\u00a0\u00bf\n',
    ['a\u009f controlCharacter', 'b\u00a0\u00bf'],
  ],
  ['a first line about the separator', 'sep=,\na,b\n', ['2: a|b']],
  ['a first line about it, and empty columns', '"sep=;",,\r\na,b\n', ['2: a|b']],
  ['no word about the separator', 'sep=,b\na\nsep=,\n', ['sep=|b', 'a', 'sep=|']],
  ['other languages', 'Zoë,"日本, 語"\n🎓\n', ['Zoë|日本, 語', '🎓']],
];

test('a file that ends between the bytes of a character is cut off, wherever it is', () => {
  const bytes = Buffer.from('a,b\nc,\u00e4\n\u{1f393},d\n\u{1f393}');
  for (const cut of [1, 2, 3]) {
    const { rows, encodingFault } = read(bytes.subarray(0, -cut), [9, 12]);
    assert.equal(encodingFault, null);
    assert.deepEqual(rows.at(-1), { line: 4, fields: [''], fault: 'cutOff', withoutBreak: true });
    assert.deepEqual(
      rows.slice(0, -1).map(({ fault }) => fault),
      [null, null, null],
    );
  }
  assert.equal(read(Buffer.from([0x61, 0xff])).encodingFault?.byte, 1);
  assert.equal(read(Buffer.from([0xc3, 0xa4, 0x0a, 0x61, 0xff, 0x62])).encodingFault?.byte, 1);
  const cutOffAt = (text: string, cuts: readonly number[] = []): unknown =>
    read(Buffer.from(text).subarray(0, -1), cuts).rows.at(-1)?.fault;
  assert.equal(cutOffAt('ää'), 'cutOff', 'characters of several bytes stand in that line alone');
  assert.equal(cutOffAt('ä\na\nä', [3, 5]), 'cutOff', 'or far above it');
  assert.equal(cutOffAt('ä\na\u0001,ä'), 'cutOff', 'whatever else is wrong with the line');
});

for (const [name, text, expected] of cases) {
  test(`reads: ${name}`, () => {
    const lines = read(Buffer.from(text)).rows.map(({ line, fields, fault }) => {
      const numbered = expected.some((row) => /^\d+: /.test(String(row))) ? `${line}: ` : '';
      // Of a row with a broken quote, the fields before it are read.
      return `${numbered}${fields.join('|')}${fault === null ? '' : ` ${fault}`}`;
    });
    assert.deepEqual(lines, expected);
  });
}

test('the last row says that it has no line break', () => {
  const { rows } = read(Buffer.from('a\nb'));
  assert.deepEqual(
    rows.map(({ withoutBreak }) => withoutBreak),
    [false, true],
  );
});

test('rows over the limit are dropped, and reading goes on', () => {
  const limits = { maxRowBytes: 10, maxColumns: 3 };
  const bytes = Buffer.from('a,b\n01234567890123456789\nc\n0123456789\n01234567890\nx,y,z,w\nd');
  const expected = ['1 null', '2 tooLong', '3 null', '4 null', '5 tooLong', '6 tooManyFields', '7 null'];
  for (let size = 1; size <= bytes.length; size += 1) {
    const cuts = Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => (i + 1) * size);
    const got = read(bytes, cuts, limits).rows.map(({ line, fault }) => `${line} ${fault}`);
    assert.deepEqual(got, expected, `pieces of ${size}`);
  }
});

test('bytes that are not UTF-8 are found, with line and place', () => {
  const bad: [Buffer, EncodingFault][] = [
    [Buffer.from([0x61, 0x0a, 0x62, 0xff, 0x0a]), { line: 2, byte: 1 }],
    [Buffer.from([0xe4, 0x0a]), { line: 1, byte: 0 }],
    [Buffer.from([0xff, 0x0a, 0x61, 0x0a, 0xfe, 0x0a]), { line: 1, byte: 0 }],
    [Buffer.from([0x61, 0xff, 0xff, 0x0a]), { line: 1, byte: 1 }],
    [Buffer.from('a\nb\nZo\u00eb', 'latin1'), { line: 3, byte: 2 }],
    [Buffer.from([0x61, 0xed, 0xa0, 0x80, 0x0a]), { line: 1, byte: 1 }],
    [Buffer.from([0xc0, 0xaf]), { line: 1, byte: 0 }],
    [Buffer.from('\ufeffSIS ID\n', 'utf16le'), { line: 1, byte: 0 }],
  ];
  for (const [bytes, fault] of bad) {
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      assert.deepEqual(read(bytes, [cut]).encodingFault, fault, `${bytes.toString('hex')} cut at ${cut}`);
    }
  }
});

test('how the bytes are cut into chunks makes no difference', () => {
  const unit = fc.constantFrom(
    'a',
    ',',
    '"',
    '""',
    '\n',
    '\r\n',
    '\r',
    ' ',
    'é',
    '🎓',
    '"x"',
    '\ufeff',
    '\t',
  );
  fc.assert(
    fc.property(
      fc.array(unit, { maxLength: 40 }).map((parts) => Buffer.from(parts.join(''))),
      fc.array(fc.nat(200), { maxLength: 8 }),
      (bytes, cuts) => {
        const inRange = cuts.filter((cut) => cut <= bytes.length);
        assert.deepEqual(read(bytes, inRange), read(bytes));
      },
    ),
    { numRuns: 500 },
  );
  const text = Buffer.from('\ufeffSIS ID,"Na""me"\r\n1,"Zoë, 🎓"\r\n2,"open\r\n\r\n3,x');
  const whole = read(text);
  for (let size = 1; size <= text.length; size += 1) {
    const cuts = Array.from({ length: Math.floor(text.length / size) }, (_, i) => (i + 1) * size);
    assert.deepEqual(read(text, cuts), whole, `pieces of ${size}`);
  }
});

test('what is written with quotes is read back', () => {
  const field = fc.string({ maxLength: 6, unit: fc.constantFrom('a', ',', '"', 'é', ';') });
  fc.assert(
    fc.property(fc.array(fc.array(field, { minLength: 1, maxLength: 4 }), { maxLength: 6 }), (rows) => {
      const kept = rows.filter((row) => row.some((value) => value !== ''));
      const text = kept
        .map((row) => row.map((value) => `"${value.replaceAll('"', '""')}"`).join(','))
        .join('\n');
      assert.deepEqual(
        read(Buffer.from(text)).rows.map(({ fields }) => fields),
        kept,
      );
    }),
  );
});
