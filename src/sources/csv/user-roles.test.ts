import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { must } from '#lib/assert.ts';
import { CREATE_MAPPING } from '#test/helpers/stage-upload.ts';

import { FORMATS } from './formats.ts';
import { IdTable } from './id-table.ts';
import { scanRoles } from './scan-roles.ts';

const PEOPLE = 300_000;
const ROLES = ['student', 'parent', 'guardian', 'teacher'] as const;
const MEBIBYTE = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
function heapUsed(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** A person each, with one role after another; the first is a parent of somebody, too. */
// oxlint-disable-next-line typescript/require-await
async function* rolesFile(): AsyncGenerator<Buffer> {
  yield Buffer.from('sourcedId,userSourcedId,roleType,role,orgSourcedId\n');
  for (let from = 0; from < PEOPLE; from += 10_000) {
    const lines = Array.from({ length: 10_000 }, (_, i) => {
      const n = from + i;
      return `r${n},u${n},primary,${ROLES[n % ROLES.length]},s${n % 100}\n`;
    });
    yield Buffer.from(lines.join(''));
  }
  yield Buffer.from('r,u0,primary,parent,s0\nr,u1,primary,guardian,s0\n');
}

test('what roles of many people say is kept outside of the heap', async () => {
  const definition = must(FORMATS['oneroster-1.2'].files.find(({ name }) => name === 'roles.csv'));
  const before = heapUsed();
  const roles = await scanRoles({ open: rolesFile }, definition, CREATE_MAPPING, () => new IdTable(7));
  // Maps and arrays of numbers took thirteen.
  assert.ok(heapUsed() - before < 4 * MEBIBYTE);
  for (let index = 0; index < PEOPLE; index += 1) {
    const role = must(ROLES[index % ROLES.length]);
    const isAccount = role === 'student' || role === 'teacher';
    const relation = index === 0 ? 'parent' : isAccount ? null : role;
    const org = `s${index % 100}`;
    assert.equal(roles.relationOf(index), relation);
    assert.equal(roles.orgOf(index, 'student'), role === 'student' ? org : null);
    assert.equal(roles.orgOf(index, 'teacher'), role === 'teacher' ? org : null);
  }
  assert.equal(roles.relationOf(-1), null);
  assert.equal(roles.orgOf(-1, 'student'), null);
});
