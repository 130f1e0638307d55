import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { WindowsEncoding } from '#core/roster/formats.ts';

import { openTranscoder } from './transcoder.ts';
import { WindowsCheck, type WindowsVerdict } from './windows-check.ts';

const latin = (text: string): Buffer => Buffer.from(text, 'latin1');
/** Text in a single-byte encoding, by turning its decoder round. */
const encoded = (encoding: string, text: string): Buffer => {
  const letters = new TextDecoder(encoding).decode(Uint8Array.from({ length: 256 }, (_, byte) => byte));
  return Buffer.from(Array.from(text, (letter) => letters.indexOf(letter)));
};
const judge = (bytes: Buffer, size: number, wanted: WindowsEncoding | null): WindowsVerdict => {
  const check = new WindowsCheck(wanted);
  for (let at = 0; at < bytes.length; at += size) check.push(bytes.subarray(at, at + size));
  return check.end();
};

const western: [name: string, bytes: Buffer, not: RegExp | null][] = [
  ['a German name', latin('Größe\n'), null],
  ['a French line in capitals', latin('ÉLÈVE,HÔTEL,FORÊT,CAFÉ\u0092S,ÎLE,ÂGE,NOËL,ÇA,OÙ,SŒUR,DÛ,MAÏS'), null],
  ['one letter at the end, others before', latin('Zoë,Noë'), null],
  ['one letter at the end, none before', latin('Zoe,Noë'), /cut off/],
  ['a byte that is not defined', latin('Zoë\u0090'), /0x90/],
  ['a zero', latin('Zoë\0'), /zero/],
  ['UTF-8 cut off in a character', Buffer.from('Zoë,Noë').subarray(0, -1), /UTF-8/],
  ['UTF-8 with a wrong byte', Buffer.concat([Buffer.from('Zoë,Noë,'), latin('é\n')]), /UTF-8/],
  ['half a surrogate pair in three bytes', Buffer.from([0x41, 0xed, 0xa0, 0x80, 0x42]), /UTF-8/],
  ['Cyrillic', Buffer.from([0xc8, 0xe2, 0xe0, 0xed, 0xee, 0xe2, 0x2c, 0xcf, 0xe5, 0xf2, 0xf0]), /alphabet/],
  ['a long run', Buffer.alloc(100_000, 0xe9), /alphabet/],
];
for (const [name, bytes, not] of western) {
  test(`Windows-1252 ${not === null ? '' : 'is not '}assumed: ${name}`, () => {
    for (const size of [bytes.length, 1]) {
      const { encoding, problem } = judge(bytes, size, null);
      assert.equal(encoding, 'windows-1252');
      if (not === null) assert.equal(problem, null);
      else assert.match(String(problem), not);
    }
  });
}

const POLISH = 'Łukasz,Małgorzata,Wąs,Świątek,Źródło,Żak\n';
const CZECH = 'Šťastný,Jiří,Růžena\n';
const central: [name: string, bytes: Buffer, encoding: WindowsEncoding, not: RegExp | null][] = [
  ['Polish', encoded('windows-1250', POLISH), 'windows-1250', null],
  ['Polish, one name with a letter for it', encoded('windows-1250', 'Zoe,Łukasz\n'), 'windows-1250', null],
  ['Czech with a letter for it', encoded('windows-1250', CZECH), 'windows-1250', null],
  ['Slovak', encoded('windows-1250', 'Kováľová,Ľubomír,Žofia\n'), 'windows-1250', null],
  ['Czech with nothing for it', encoded('windows-1250', 'Dvořák,Novotná\n'), 'windows-1252', null],
  ['Polish in ISO 8859-2', encoded('iso-8859-2', POLISH), 'windows-1250', /ISO 8859-2/],
  ['Czech in ISO 8859-2', encoded('iso-8859-2', 'Tomášek,Božena\n'), 'windows-1250', /ISO 8859-2/],
  ['both, joined', Buffer.concat([encoded('windows-1250', POLISH), Buffer.of(0x90)]), 'windows-1250', /0x90/],
  ['prices, powers and questions', latin('£20,m³,x¹,¿Qué?,Mª José,5¾ m,¯\n'), 'windows-1252', null],
  ['a Pole among Frenchmen', encoded('windows-1252', 'Œuvre,Zoë,Élan\n'), 'windows-1252', null],
];
for (const [name, bytes, wanted, not] of central) {
  test(`Windows-1250 or 1252: ${name}`, () => {
    for (const size of [bytes.length, 1]) {
      const { encoding, problem } = judge(bytes, size, null);
      assert.equal(encoding, wanted);
      if (not === null) assert.equal(problem, null);
      else assert.match(String(problem), not);
    }
  });
}

test('what somebody says it is, it is, unless a byte speaks against it', () => {
  const czech = encoded('windows-1250', 'Dvořák,Novotná\n');
  assert.deepEqual(judge(czech, 7, 'windows-1250'), { encoding: 'windows-1250', problem: null });
  const polish = encoded('windows-1250', 'Łukasz\n');
  assert.deepEqual(judge(polish, 7, 'windows-1252'), { encoding: 'windows-1252', problem: null });
  const sure = encoded('windows-1250', CZECH);
  assert.match(String(judge(sure, 7, 'windows-1252').problem), /0x9d/u);
  assert.match(String(judge(Buffer.from('Zoë,Noë\n'), 7, 'windows-1250').problem), /UTF-8/u);
  assert.match(String(judge(Buffer.of(0xe9, 0), 7, 'windows-1250').problem), /zero/u);
});

for (const encoding of ['windows-1250', 'windows-1252'] as const)
  test(`${encoding} is transcoded as the Encoding Standard has it`, () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const text = openTranscoder(encoding).push(bytes).toString('utf8');
    assert.equal(text, new TextDecoder(encoding).decode(bytes));
    assert.equal(text.slice(0x80, 0x83), '€\u0081‚');
  });
