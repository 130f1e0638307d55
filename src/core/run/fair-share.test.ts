import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pickRun, type DueTenant, type OwnShare } from './fair-share.ts';

const due = (
  tenantId: string,
  runs: number,
  executing = 0,
  startedAtMs: number | null = null,
): DueTenant => ({
  tenantId,
  runIds: Array.from({ length: runs }, (_, index) => `${tenantId}${index + 1}`),
  executing,
  lastStartedAt: startedAtMs === null ? null : new Date(startedAtMs),
});
const share = (
  concurrency: number,
  slots: Record<string, number> = {},
  servedAt: Record<string, number> = {},
): OwnShare => ({
  concurrency,
  slots: new Map(Object.entries(slots)),
  servedAt: new Map(Object.entries(servedAt)),
});

const CASES: [string, DueTenant[], OwnShare, string[], string | null][] = [
  ['nobody', [], share(2), [], null],
  ['the oldest run when all are served alike', [due('a', 2), due('b', 2)], share(1), [], 'a1'],
  ['fewest executing runs first', [due('a', 2, 1), due('b', 2, 0, 9)], share(1), [], 'b1'],
  ['then who was served longest ago', [due('a', 2, 0, 9), due('b', 2, 0, 5)], share(1), [], 'b1'],
  ['never served is longest ago', [due('a', 2, 0, 9), due('b', 2)], share(1), [], 'b1'],
  [
    'what this process has just served counts',
    [due('a', 2, 0, 1), due('b', 2, 0, 5)],
    share(1, {}, { a: 9 }),
    [],
    'b1',
  ],
  ['and what it has just picked', [due('a', 2), due('b', 2)], share(3, { a: 1 }), ['a1'], 'b1'],
  ['all slots when alone', [due('a', 2, 1)], share(2, { a: 1 }), ['a1'], 'a2'],
  ['all but one slot while another waits', [due('a', 2, 1), due('b', 1, 5)], share(2, { a: 1 }), [], 'b1'],
  [
    'all slots when the other one’s runs cannot be had',
    [due('a', 2, 1), due('b', 1, 5)],
    share(2, { a: 1 }),
    ['b1'],
    'a1',
  ],
];
for (const [name, tenants, own, out, expected] of CASES)
  test(`fair shares: ${name}`, () => {
    assert.equal(pickRun(tenants, own, (id) => out.includes(id))?.runId ?? null, expected);
  });
