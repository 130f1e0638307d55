/** A roster of which nothing is right: what is said of it fits into bounded memory, and how much there is of it is exact. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { stageFiles } from '#test/helpers/stage-files.ts';

const ROWS = 1_000_000;
const ROWS_IN_A_CHUNK = 10_000;
const LIMITS = { errors: 400, warnings: 300, perCode: 100, samples: 20 };
const MEBIBYTE = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Every row lacks a name, and has an address, a grade and a date that are none; no two values are alike. */
function* rows(): Generator<Buffer> {
  yield Buffer.from('SIS ID,School SIS ID,First Name,Last Name,Username,Secondary Email,Grade,Birthdate\n');
  for (let from = 0; from < ROWS; from += ROWS_IN_A_CHUNK) {
    const lines = Array.from({ length: ROWS_IN_A_CHUNK }, (_, i) => {
      const n = from + i;
      return `p${n},S1,,Elm,u${n},none-${n},Q${n},x${n}\n`;
    });
    yield Buffer.from(lines.join(''));
  }
}

test('a million bad rows', { timeout: 120_000 }, async () => {
  let peakBytes = 0;
  let startBytes = 0;
  let chunks = 0;
  const { findings, result, items } = await stageFiles(
    {
      'school.csv': 'SIS ID,Name\nS1,Alder\n',
      'section.csv': 'SIS ID,School SIS ID,Section Name\nm1,S1,Math\n',
      // oxlint-disable-next-line typescript/require-await
      'student.csv': async function* read() {
        for (const chunk of rows()) {
          if (chunks % 20 === 0) {
            collectGarbage();
            const { heapUsed } = process.memoryUsage();
            if (startBytes === 0) startBytes = heapUsed;
            peakBytes = Math.max(peakBytes, heapUsed);
          }
          chunks += 1;
          yield chunk;
        }
      },
      'teacher.csv': 'SIS ID,School SIS ID,First Name,Last Name,Username\nt1,S1,Tea,Oak,toak\n',
      'studentenrollment.csv': 'Section SIS ID,SIS ID\nm1,p0\n',
      'teacherroster.csv': 'Section SIS ID,SIS ID\nm1,t1\n',
    },
    { limits: LIMITS },
  );
  const counts = result.findingCounts.filter(({ file }) => file === 'student.csv');
  assert.deepEqual(
    counts
      .map(({ code, field, severity, rowCount }) => `${rowCount} ${code} ${field} (${severity})`)
      .toSorted(),
    [
      `${ROWS} DATE_INVALID Birthdate (warning)`,
      `${ROWS} EMAIL_INVALID Secondary Email (information)`,
      `${ROWS} ENUM_UNKNOWN Grade (information)`,
      `${ROWS} REQUIRED_MISSING First Name (error)`,
    ],
  );
  const student = result.files.find(({ file }) => file === 'student.csv');
  assert.deepEqual([student?.rows, student?.badRows], [ROWS, ROWS]);
  const keptOf = (code: string): number => findings.filter((finding) => finding.code === code).length;
  assert.deepEqual(['REQUIRED_MISSING', 'DATE_INVALID', 'EMAIL_INVALID', 'ENUM_UNKNOWN'].map(keptOf), [
    LIMITS.errors,
    LIMITS.warnings,
    LIMITS.perCode,
    LIMITS.perCode,
  ]);
  assert.equal(result.samples.length, LIMITS.samples);
  assert.equal(items.filter(({ kind }) => kind === 'student').length, 0);
  const grownBytes = peakBytes - startBytes;
  assert.ok(grownBytes < 24 * MEBIBYTE, `${Math.round(grownBytes / MEBIBYTE)} MiB more after a million rows`);
});
