import assert from 'node:assert/strict';
import { test } from 'node:test';

import { KINDS, type Kind } from '../roster/kinds.ts';
import { judge, type PlanCount } from './verdict.ts';

const limit = { percent: 10, count: 25 };
const active = (values: Partial<Record<Kind, number>>): Record<Kind, number> =>
  Object.fromEntries(KINDS.map((kind) => [kind, values[kind] ?? 0])) as Record<Kind, number>;

const cases: readonly {
  name: string;
  counts: PlanCount[];
  active: Partial<Record<Kind, number>>;
  ask?: boolean;
  held: string[];
}[] = [
  { name: 'an empty plan is clean', counts: [], active: { student: 1000 }, held: [] },
  {
    name: 'a small set is judged by count: 25 of 30 may end',
    counts: [{ kind: 'student', action: 'deactivate', count: 25 }],
    active: { student: 30 },
    held: [],
  },
  {
    name: 'one above the count holds',
    counts: [{ kind: 'student', action: 'deactivate', count: 26 }],
    active: { student: 30 },
    held: ['student'],
  },
  {
    name: 'a large set is judged by percent: exactly a tenth may end',
    counts: [{ kind: 'enrollment', action: 'end', count: 60_000 }],
    active: { enrollment: 600_000 },
    held: [],
  },
  {
    name: 'more than a tenth holds',
    counts: [{ kind: 'enrollment', action: 'end', count: 60_001 }],
    active: { enrollment: 600_000 },
    held: ['enrollment'],
  },
  {
    name: 'each kind is judged alone',
    counts: [
      { kind: 'class', action: 'deactivate', count: 26 },
      { kind: 'student', action: 'deactivate', count: 25 },
    ],
    active: { class: 100, student: 100 },
    held: ['class'],
  },
  {
    name: 'creates never hold',
    counts: [{ kind: 'student', action: 'create', count: 100_000 }],
    active: {},
    held: [],
  },
  {
    name: 'terms may all end',
    counts: [{ kind: 'academicSession', action: 'deactivate', count: 400 }],
    active: { academicSession: 400 },
    held: [],
  },
  {
    name: 'a profile that always asks holds a clean plan',
    counts: [{ kind: 'org', action: 'create', count: 1 }],
    active: {},
    ask: true,
    held: ['alwaysAsk'],
  },
  {
    name: 'a profile that always asks does not hold an empty plan',
    counts: [],
    active: {},
    ask: true,
    held: [],
  },
];

for (const { name, counts, active: activeByKind, ask, held } of cases) {
  test(`verdict: ${name}`, () => {
    const verdict = judge(counts, active(activeByKind), limit, ask ?? false);
    assert.deepEqual(
      verdict.reasons.map((reason) => reason.kind ?? reason.code),
      held,
    );
    assert.equal(verdict.outcome, held.length === 0 ? 'clean' : 'held');
  });
}
