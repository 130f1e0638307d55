import assert from 'node:assert/strict';
import { test } from 'node:test';

import { inferSchema, initParser } from 'udsv';

import type { Finding } from '#core/findings.ts';

import { findingCsv } from './finding-csv.ts';

const VALUES: [string, string, string][] = [
  ['plain', 'amy', 'amy'],
  ['comma, quote and line break', 'a,"b"\r\nc', 'a,"b"\r\nc'],
  ['a formula', '=HYPERLINK("http://x")', `'=HYPERLINK("http://x")`],
  ['plus', '+1', "'+1"],
  ['minus', '-1', "'-1"],
  ['at', '@SUM(A1)', "'@SUM(A1)"],
  ['tab', '\t=1', "'\t=1"],
  ['line feed', '\n=1', "'\n=1"],
  ['wide letters', '＝1', "'＝1"],
  ['markup', '<script>', '<script>'],
  ['bidi control', '\u202Eabc', '\u202Eabc'],
  ['letters of all kinds', 'Zoë 李 😀', 'Zoë 李 😀'],
  ['long', 'x'.repeat(256), 'x'.repeat(256)],
];

test('csv: what is written is read back, formulas aside', () => {
  const findings = VALUES.map(([, value], index): Finding => ({
    code: 'ID_INVALID',
    severity: 'error',
    file: 'student.csv',
    line: index + 2,
    field: 'SIS ID',
    value,
    sourceId: value,
    message: `no: ${value}`,
  }));
  const text = findingCsv(findings);
  const rows = initParser(inferSchema(text)).stringObjs(text);
  assert.deepEqual(
    rows,
    VALUES.map(([, value, shown], index) => ({
      code: 'ID_INVALID',
      severity: 'error',
      file: 'student.csv',
      line: String(index + 2),
      field: 'SIS ID',
      value: shown,
      sourceId: shown,
      message: `no: ${value}`,
    })),
  );
});

test('csv: what a finding does not have is empty; without findings there is the header', () => {
  const finding: Finding = {
    code: 'FILE_EMPTY',
    severity: 'warning',
    file: 'student.csv',
    message: 'Empty.',
  };
  const header = 'code,severity,file,line,field,value,sourceId,message\r\n';
  assert.equal(findingCsv([finding]), `${header}FILE_EMPTY,warning,student.csv,,,,,Empty.\r\n`);
  assert.equal(findingCsv([]), header);
});
