import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  JUDGED_KINDS,
  type JudgedAction,
  type JudgedKind,
  limitFor,
  type LimitRule,
  readLimitRules,
} from './limits.ts';

const DEACTIVATIONS = { percent: 7, count: 7 };

/** docs/adr/0010: `count percent` of all kinds, then of those that differ. */
const DEFAULTS: readonly [
  scope: LimitRule['scope'],
  action: JudgedAction,
  all: string,
  others: Readonly<Partial<Record<JudgedKind, string>>>,
][] = [
  ['school', 'deactivate', '15 20', { class: '8 25', teacher: '8 25', enrollment: '60 25' }],
  ['school', 'move', '15 20', {}],
  ['school', 'update', '25 75', { teacher: '8 75' }],
  ['school', 'create', '30 75', { enrollment: '240 75' }],
  ['plan', 'deactivate', '7 7', {}],
  ['plan', 'move', '25 10', {}],
  ['plan', 'update', '100 75', { teacher: '25 75' }],
  ['plan', 'create', '100 50', { enrollment: '400 50' }],
];
for (const [scope, action, all, others] of DEFAULTS)
  test(`limits: ${action} in a ${scope}, as nobody has set it`, () => {
    const limits = JUDGED_KINDS.map((kind) => {
      const school = scope === 'school' ? 'S1' : null;
      const { count, percent } = limitFor([], DEACTIVATIONS, { scope, action, kind, school });
      return [kind, `${count} ${percent}`];
    });
    assert.deepEqual(
      limits,
      JUDGED_KINDS.map((kind) => [kind, others[kind] ?? all]),
    );
  });

test('limits: the most specific rule counts, whatever their order: the school, then the kind, then the action', () => {
  const rule = (count: number, more: Partial<LimitRule>): LimitRule => ({
    scope: 'school',
    action: 'update',
    kind: null,
    school: null,
    percent: 0,
    count,
    ...more,
  });
  const rules = [
    rule(1, {}),
    rule(2, { kind: 'student' }),
    rule(3, { school: 'S1' }),
    rule(4, { school: 'S1', kind: 'student' }),
    rule(5, { scope: 'plan' }),
    rule(6, { action: 'create' }),
  ];
  const count = (school: string, kind: JudgedKind, among: readonly LimitRule[]): number =>
    limitFor(among, DEACTIVATIONS, { scope: 'school', action: 'update', kind, school }).count;
  for (const among of [rules, rules.toReversed()])
    assert.deepEqual(
      [
        count('S2', 'class', among),
        count('S2', 'student', among),
        count('S1', 'class', among),
        count('S1', 'student', among),
      ],
      [1, 2, 3, 4],
    );
  assert.equal(count('S1', 'student', rules.slice(0, 3)), 3, 'the school comes before the kind');
});

test('limits: a rule for all endings stands before the setting of the profile', () => {
  const rules: LimitRule[] = [
    { scope: 'plan', action: 'deactivate', kind: null, school: null, percent: 0, count: 1 },
  ];
  const cell = { scope: 'plan', action: 'deactivate', kind: 'student', school: null } as const;
  assert.equal(limitFor(rules, DEACTIVATIONS, cell).count, 1);
});

const RULE = { scope: 'school', action: 'create', percent: 10, count: 0 } as const;
const READ: readonly [name: string, rules: unknown, problem: RegExp | null][] = [
  ['none', [], null],
  [
    'the least and the most',
    [
      { ...RULE, percent: 0 },
      { ...RULE, kind: 'class', percent: 1_000 },
    ],
    null,
  ],
  [
    'more than growth by a thousand percent',
    [{ ...RULE, percent: 1_000.5 }],
    /^Rule 1: "percent" is 0 to 1000/u,
  ],
  ['all may end', [{ ...RULE, action: 'deactivate', percent: 100 }], null],
  [
    'more than all cannot move',
    [RULE, { ...RULE, action: 'move', percent: 100.5 }],
    /^Rule 2: .*more than all cannot go/u,
  ],
  ['percent as text', [{ ...RULE, percent: '10' }], /"percent"/u],
  ['a count below none', [{ ...RULE, count: -1 }], /"count"/u],
  ['a count that no number holds', [{ ...RULE, count: 2 ** 53 }], /"count"/u],
  ['a school of 256 letters', [{ ...RULE, school: 'S'.repeat(256) }], null],
  ['a school of 257', [{ ...RULE, school: 'S'.repeat(257) }], /"school" is the source id/u],
  ['a school without a name', [{ ...RULE, school: '' }], /"school" is the source id/u],
  ['a school that is a number', [{ ...RULE, school: 1 }], /"school" is the source id/u],
  ['a school of the whole plan', [{ ...RULE, scope: 'plan', school: 'S1' }], /"school" goes with/u],
  ['an unknown property', [{ ...RULE, max: 1 }], /no property 'max'/u],
  ['no rule', [null], /^Rule 1: Use /u],
  ['a list in place of a rule', [[]], /^Rule 1: Use /u],
  [
    'the same cell for two schools',
    [
      { ...RULE, school: 'S1' },
      { ...RULE, school: 'S2' },
    ],
    null,
  ],
  ['the same cell twice', [RULE, { ...RULE, kind: null }], /^Rule 2 says another time/u],
  ['a thousand', Array.from({ length: 1_000 }, (_, n) => ({ ...RULE, school: `S${n}` })), null],
  [
    'a thousand and one',
    Array.from({ length: 1_001 }, (_, n) => ({ ...RULE, school: `S${n}` })),
    /more than 1000/u,
  ],
];
for (const [name, rules, problem] of READ)
  test(`limits: rules as sent: ${name}`, () => {
    const read = readLimitRules(rules);
    if (problem === null) assert.equal('rules' in read && read.rules.length, (rules as unknown[]).length);
    else assert.match('problem' in read ? read.problem : '', problem);
  });
