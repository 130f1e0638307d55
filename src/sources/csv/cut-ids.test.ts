import assert from 'node:assert/strict';
import { test } from 'node:test';

import { must } from '#lib/assert.ts';
import { makeFiles } from '#test/corpus/format-rosters.ts';
import { shown, shownFindings, stageFiles } from '#test/helpers/stage-files.ts';

for (const [format, name, id] of [
  ['sds-v1', 'student.csv', 'Pupil7'],
  ['sds-v1', 'section.csv', 'Class7'],
  ['sds-v2.1', 'classes.csv', 'Class7'],
  ['sds-v2.1', 'users.csv', 'Pupil7'],
  // The person goes for a row of another file.
  ['sds-v2.1', 'roles.csv', 'Pupil7'],
  ['oneroster-1.1', 'classes.csv', 'Class7'],
] as const)
  test(`${format}, ${name}: a stray line break inside an id ends nothing`, async () => {
    const whole = makeFiles(format, { schools: 3, sections: 10, students: 40, teachers: 9 }) as Record<
      string,
      string
    >;
    const before = await stageFiles(whole, { format });
    const damaged = must(whole[name]).replace(`\n${id},`, `\n${id.slice(0, 3)}\n${id.slice(3)},`);
    assert.notEqual(damaged, whole[name]);
    const { items, findings } = await stageFiles({ ...whole, [name]: damaged }, { format, after: before });
    assert.deepEqual(
      shown(items).filter((line) => line.startsWith('end')),
      [],
      shownFindings(findings.filter(({ severity }) => severity === 'error')).join('; '),
    );
  });
