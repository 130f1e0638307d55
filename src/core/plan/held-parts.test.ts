import assert from 'node:assert/strict';
import { test } from 'node:test';

import { describeHeldParts, describeReasons, describeRejectedParts, type HeldPart } from './held-parts.ts';

const school = (id: string, itemCount: number, ...messages: readonly string[]): HeldPart => ({
  scope: 'school',
  id,
  itemCount,
  reasons: messages.map((message) => ({
    code: 'tooManyEndings',
    scope: 'school',
    school: id,
    holds: true,
    message,
  })),
});
const absence: HeldPart = {
  scope: 'absence',
  id: 'student.csv',
  itemCount: 30,
  reasons: [
    {
      code: 'absenceNotProven',
      scope: 'file',
      file: 'student.csv',
      holds: true,
      message: 'student.csv is short',
    },
  ],
};

test('held parts: every reason of a school, how much waits, and that the rest is in', () => {
  assert.equal(
    describeHeldParts(
      [school('S2', 40, 'school S2: 40 students would end', 'school S2: 80 enrollments would end')],
      true,
    ),
    'school S2: 40 students would end; school S2: 80 enrollments would end (40 changes wait). The rest of the plan was applied',
  );
});

test('held parts: one change waits, and there was nothing else', () => {
  assert.equal(
    describeHeldParts([school('S2', 1, 'school S2 is no longer in the source')], false),
    'school S2 is no longer in the source (1 change waits). Nothing else was to change',
  );
});

test('held parts: three are told, the others counted', () => {
  const parts = [1, 2, 3].map((n) => school(`S${n}`, n + 1, `school S${n} shrinks`));
  assert.match(
    describeHeldParts([...parts, absence], true),
    /S3 shrinks \(4 changes wait\); and 1 more part\. The rest/u,
  );
  const many = describeHeldParts([...parts, absence, school('S9', 9, 'school S9 shrinks')], true);
  assert.match(many, /; and 2 more parts\. The rest/u);
  assert.doesNotMatch(many, /S9/u);
});

test('rejected parts: where and how many, and that they were not made', () => {
  assert.equal(
    describeRejectedParts([school('S2', 40, 'x'), absence]),
    '70 changes (school S2, endings of student.csv) were rejected and not made; the rest of the plan was applied',
  );
  assert.match(describeRejectedParts([school('S2', 1, 'x')]), /^1 change \(school S2\) was rejected/u);
});

test('reasons of a whole plan: what concerns all, three schools with all their reasons, the number of the others, the files', () => {
  const schools = [1, 2, 3, 4, 5].flatMap(
    (n) => school(`S${n}`, 1, `school S${n} loses pupils`, `school S${n} loses classes`).reasons,
  );
  const whole = { code: 'tooManySchools', scope: 'plan', holds: true, message: '5 of 5 schools' } as const;
  assert.equal(
    describeReasons([whole, ...schools, ...absence.reasons]),
    '5 of 5 schools; school S1 loses pupils; school S1 loses classes; school S2 loses pupils; school S2 loses classes; ' +
      'school S3 loses pupils; school S3 loses classes; and 2 more schools; student.csv is short',
  );
  assert.match(describeReasons(schools.slice(0, 8)), /school S3 loses classes; and 1 more school$/u);
  assert.equal(describeReasons([whole]), '5 of 5 schools');
  assert.equal(describeReasons([]), '');
});
