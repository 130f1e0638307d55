import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FindingCollector } from './finding-collector.ts';

test('findings in kept rows name no line, and say where they are from', () => {
  const findings = new FindingCollector();
  findings.tellKept({ from: '2026-09-01 02:00 UTC', uploadedLines: new Map([['users.csv', 5]]) });
  for (const file of ['users.csv', 'orgs.csv'])
    for (const line of [5, 6])
      findings.report({ code: 'ID_DUPLICATE', file }, () => ({ line, message: 'Twice.' }));
  assert.deepEqual(
    findings.kept.map(({ file, line, message }) => [file, line, message]),
    [
      ['users.csv', 5, 'Twice.'],
      ['users.csv', undefined, 'Twice. (A row of the set of 2026-09-01 02:00 UTC, which was kept.)'],
      ['orgs.csv', 5, 'Twice.'],
      ['orgs.csv', 6, 'Twice.'],
    ],
  );
  assert.equal(findings.nameLine('users.csv', 6), 'a row of the set before');
  assert.equal(findings.nameLine('users.csv', 5), 'line 5');
});

test('that a kept row withdraws its record was told when it came', () => {
  const findings = new FindingCollector();
  findings.tellKept({ from: '', uploadedLines: new Map([['users.csv', 5]]) });
  for (const line of [5, 6])
    findings.report({ code: 'ROW_WITHDRAWN', file: 'users.csv' }, () => ({ line, message: 'Gone.' }));
  assert.deepEqual(
    findings.kept.map(({ line }) => line),
    [5],
  );
  assert.equal(findings.counts()[0]?.rowCount, 1);
});

test('what another collector found is counted and kept as if it were met here', () => {
  const other = new FindingCollector();
  for (let line = 2; line < 5; line += 1)
    other.report({ code: 'ROW_OUTDATED', file: 'users.csv' }, () => ({ line, message: 'Older.' }));
  other.report({ code: 'FILE_TRUNCATED', file: 'orgs.csv' }, () => ({ message: 'Cut.' }));
  const findings = new FindingCollector({ errors: 10, warnings: 1, perCode: 1, samples: 5 });
  findings.report({ code: 'ROW_OUTDATED', file: 'users.csv' }, () => ({ line: 9, message: 'Older.' }));
  findings.absorb(other.kept, other.counts());
  assert.deepEqual(
    findings.counts().map(({ code, rowCount }) => [code, rowCount]),
    [
      ['ROW_OUTDATED', 4],
      ['FILE_TRUNCATED', 1],
    ],
  );
  assert.equal(findings.fatal, true);
  assert.deepEqual(
    findings.kept.map(({ code }) => code),
    ['ROW_OUTDATED', 'FILE_TRUNCATED'],
  );
});

test('what was found before a move, and what is found after it, is found by the other', () => {
  const first = new FindingCollector();
  const other = new FindingCollector();
  const report = (line: number): void =>
    first.report({ code: 'ROW_DUPLICATE', file: 'school.csv' }, () => ({ line, message: 'Twice.' }));
  report(2);
  first.moveTo(other);
  report(3);
  first.report({ code: 'ZIP_DAMAGED', file: 'school.csv' }, () => ({ message: 'Cut off.' }));
  assert.deepEqual(
    other.kept.map(({ code, line }) => [code, line]),
    [
      ['ROW_DUPLICATE', 2],
      ['ROW_DUPLICATE', 3],
      ['ZIP_DAMAGED', undefined],
    ],
  );
  assert.equal(other.fatal, true);
  assert.equal(other.counts().find(({ code }) => code === 'ROW_DUPLICATE')?.rowCount, 2);
});
