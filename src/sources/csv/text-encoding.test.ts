import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { test } from 'node:test';

import * as fc from 'fast-check';

import { detectUtf16, Utf8Check } from './text-encoding.ts';
import { openTranscoder } from './transcoder.ts';

const HEADER = 'SIS ID,Name\n';
const utf16 = (text: string): Buffer => Buffer.from(text, 'utf16le');

/** The chunks of `bytes` that end at `cuts`. */
function cut(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...cuts.filter((at) => at < bytes.length), bytes.length].sort((a, b) => a - b);
  return ends.map((to, i) => Buffer.from(bytes.subarray(ends[i - 1] ?? 0, to)));
}

const heads: [name: string, head: Buffer, encoding: string | null][] = [
  ['nothing', Buffer.alloc(0), null],
  ['ASCII', Buffer.from(HEADER), null],
  ['little endian with a mark', utf16(`\ufeff${HEADER}`), 'utf-16le'],
  ['big endian with a mark', utf16(`\ufeff${HEADER}`).swap16(), 'utf-16be'],
  ['little endian without', utf16(HEADER), 'utf-16le'],
  ['big endian without', utf16(HEADER).swap16(), 'utf-16be'],
  ['a header in ASCII, rows in Greek', utf16(`${HEADER}1,Αθήνα\n`), 'utf-16le'],
  ['a mark alone', Buffer.of(0xff, 0xfe), 'utf-16le'],
  ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 0x53, 0, 0, 0]), null],
  ['zeros', Buffer.alloc(64), null],
  ['a zero in ASCII', Buffer.from('SIS ID,N\0ame'), null],
  ['too little to tell', utf16('SIS'), null],
];
for (const [name, head, encoding] of heads)
  test(`UTF-16 by its head: ${name}`, () => assert.equal(detectUtf16(head), encoding));

test('UTF-8 is checked alike however it is cut', () => {
  const part = fc.oneof(
    fc.constantFrom('a', 'é', '語', '🎓').map((text) => Buffer.from(text)),
    fc
      .constantFrom([0xc3], [0x80], [0xed, 0xa0, 0x80], [0xf0, 0x9f], [0xff], [0xc0, 0xaf])
      .map((list) => Buffer.from(list)),
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), fc.array(fc.nat(30), { maxLength: 8 }), (parts, cuts) => {
      const bytes = Buffer.concat(parts);
      const check = new Utf8Check();
      for (const chunk of cut(bytes, cuts)) check.push(chunk);
      check.end();
      assert.equal(check.valid, isUtf8(bytes));
    }),
    { numRuns: 3_000 },
  );
});

test('UTF-16 is transcoded alike however it is cut', () => {
  const unit = fc.constantFrom('a', '\n', 'é', '語', '🎓', '\0');
  fc.assert(
    fc.property(
      fc.string({ unit, maxLength: 12 }),
      fc.array(fc.nat(50), { maxLength: 8 }),
      fc.boolean(),
      (text, cuts, bigEndian) => {
        const bytes = bigEndian ? utf16(text).swap16() : utf16(text);
        const transcoder = openTranscoder(bigEndian ? 'utf-16be' : 'utf-16le');
        const out = cut(bytes, cuts).map((chunk) => transcoder.push(chunk));
        assert.equal(transcoder.end(), true);
        assert.equal(Buffer.concat(out).toString('utf8'), text);
      },
    ),
    { numRuns: 500 },
  );
});

test('UTF-16 that is none is said so: half a pair with its line, an end in a character', () => {
  for (const half of ['\ud83c', '\udf93']) {
    const bytes = utf16(`a\nb\nc${half}d\n`);
    for (let at = 0; at <= bytes.length; at += 1) {
      const transcoder = openTranscoder('utf-16le');
      const out = cut(bytes, [at]).map((chunk) => transcoder.push(chunk));
      assert.equal(transcoder.fault?.line, 3);
      assert.equal(Buffer.concat(out).toString('utf8'), 'a\nb\nc');
    }
  }
  for (const bytes of [utf16('ab').subarray(0, 3), utf16('a🎓').subarray(0, 4)]) {
    const transcoder = openTranscoder('utf-16le');
    assert.equal(transcoder.push(Buffer.from(bytes)).toString('utf8'), 'a');
    assert.equal(transcoder.end(), false);
  }
});
