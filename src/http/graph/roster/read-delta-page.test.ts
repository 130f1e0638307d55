import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import * as fc from 'fast-check';

import { must } from '#lib/assert.ts';
import { realSystem } from '#lib/system.ts';
import { inTenant } from '#storage/database.ts';
import { nextChangeSeq } from '#storage/directory/next-change-seq.ts';
import { directoryViews } from '#storage/views/directory-views.ts';
import { readChangePosition } from '#storage/views/read-changes.ts';
import { readPage } from '#storage/views/read-view.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { deltaReplica, type Replica } from '#test/helpers/delta-reader.ts';

import type { DeltaStart } from './list-changes.ts';
import { readDeltaPage } from './read-delta-page.ts';

const view = directoryViews('beta').classes;
const paths = ['id', 'displayName'];
const CLASSES = 5;
const PEOPLE = 6;
const ROUNDS = 60;
const SEED = Number(process.env['ROLLBOOK_SEED'] ?? String(Date.now() % 1_000_000));

let database: TestDatabase;
const sourceSystemId = realSystem.newId();
// Their order decides what comes on which page: the seed alone must decide the run.
const idsOf = (kind: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `00000000-0000-7000-8000-${kind}0000000000${n}`);
const classIds = idsOf('c', CLASSES);
const personIds = idsOf('d', PEOPLE);

before(async () => {
  database = await testDatabase();
  await inTenant(database.db, database.tenantId, async (tx) => {
    const seq = await nextChangeSeq(tx);
    await tx.query(`insert into source_system (tenant_id, id, name) values (current_tenant(), $1, 'seed')`, [
      sourceSystemId,
    ]);
    await tx.query(
      `insert into class (tenant_id, id, display_name, mail_nickname, change_seq)
       select current_tenant(), id, 'Class', 'c', $2 from unnest($1::uuid[]) id`,
      [classIds, seq],
    );
    await tx.query(
      `insert into person (tenant_id, id, display_name, change_seq)
       select current_tenant(), id, 'Person', $2 from unnest($1::uuid[]) id`,
      [personIds, seq],
    );
    await tx.query(
      `insert into enrollment (tenant_id, source_system_id, key, content, class_id, person_id, role, active, change_seq)
       select current_tenant(), $3, gen_random_uuid(), 0, c, p, r, false, $4
         from unnest($1::uuid[]) c, unnest($2::uuid[]) p, unnest(array['student', 'teacher']) r`,
      [classIds, personIds, sourceSystemId, seq],
    );
  });
});
after(() => database.close());

/** What somebody writes, in a transaction of its own. */
interface Write {
  readonly kind: 'rename' | 'place' | 'person' | 'class' | 'allPlaces';
  readonly n: number;
  readonly m: number;
  readonly active: boolean;
  readonly role: 'student' | 'teacher';
}

const writes = fc.record<Write>({
  kind: fc.constantFrom('rename', 'place', 'place', 'person', 'class', 'allPlaces'),
  n: fc.nat(CLASSES - 1),
  m: fc.nat(PEOPLE - 1),
  active: fc.boolean(),
  role: fc.constantFrom('student', 'teacher'),
});

async function write({ kind, n, m, active, role }: Write): Promise<void> {
  const classId = must(classIds[n]);
  const personId = must(personIds[m]);
  await inTenant(database.db, database.tenantId, async (tx) => {
    const seq = await nextChangeSeq(tx);
    switch (kind) {
      case 'rename':
        return tx.query(
          `update class set display_name = 'Class ' || ($2::int8), change_seq = $2::int8 where id = $1`,
          [classId, seq],
        );
      case 'place':
        return tx.query(
          `update enrollment set active = $1, change_seq = $2 where class_id = $3 and person_id = $4 and role = $5`,
          [active, seq, classId, personId, role],
        );
      case 'allPlaces':
        return tx.query(`update enrollment set active = $1, change_seq = $2 where class_id = $3`, [
          active,
          seq,
          classId,
        ]);
      case 'person':
        return tx.query('update person set active = $1, change_seq = $2 where id = $3', [
          active,
          seq,
          personId,
        ]);
      case 'class':
        return tx.query('update class set active = $1, change_seq = $2 where id = $3', [
          active,
          seq,
          classId,
        ]);
    }
  });
}

/** Pages as the route makes them, with links that are the positions themselves. */
function pagesOf(top: number, membershipsPerPage: number) {
  return async (link: string): Promise<{ status: number; body: never; headers: Headers; text: string }> => {
    const body = await inTenant(database.db, database.tenantId, async (tx) => {
      const { seq } = await readChangePosition(tx);
      const sent = JSON.parse(link) as Partial<DeltaStart>;
      const start: DeltaStart = {
        tenantId: '',
        path: '',
        at: 0,
        select: null,
        members: true,
        top,
        from: sent.from ?? null,
        until: sent.until ?? seq,
        key: sent.key,
      };
      const { value, key } = await readDeltaPage(tx, { view, paths, start, membershipsPerPage });
      return key === undefined
        ? { value, '@odata.deltaLink': JSON.stringify({ from: start.until }) }
        : { value, '@odata.nextLink': JSON.stringify({ from: start.from, until: start.until, key }) };
    });
    return { status: 200, body: body as never, headers: new Headers(), text: '' };
  };
}

/** What a reader sees now: names and people of the active classes. */
async function truth(): Promise<Record<string, unknown>[]> {
  return inTenant(database.db, database.tenantId, async (tx) => {
    const { rows } = await readPage(tx, { view, paths, limit: 100 });
    const classes: Record<string, unknown>[] = [];
    for (const row of rows) {
      const people = async (name: 'members' | 'teachers'): Promise<string[]> => {
        const { target, relation } = must(view.navigations?.[name]);
        const of = { relation, parentId: String(row['@id']) };
        const found = await readPage(tx, { view: target(), paths: ['id'], of, limit: 100 });
        return found.rows.map(({ id }) => String(id));
      };
      classes.push({
        id: row['@id'],
        displayName: row['displayName'],
        members: await people('members'),
        teachers: await people('teachers'),
      });
    }
    return classes;
  });
}

/** After one more round, which ends the changes, the copy is what there is. */
async function assertAgrees(replica: Replica): Promise<void> {
  await replica.round();
  const seen = [...replica.objects.values()]
    .map((object) => ({
      ...object,
      members: [...(replica.members.get(String(object['id'])) ?? [])].toSorted(),
      teachers: [...(replica.teachers.get(String(object['id'])) ?? [])].toSorted(),
    }))
    .toSorted((a, b) => (String((a as { id?: string }).id) < String((b as { id?: string }).id) ? -1 : 1));
  assert.deepEqual(seen, await truth());
  assert.deepEqual(await replica.round(), []);
}

test(`whoever does what the rounds tell has what there is, whatever is written in between (seed ${SEED})`, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(writes, { maxLength: 6 }), { minLength: 1, maxLength: 5 }),
      fc.array(writes, { maxLength: 12 }),
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 9 }),
      async (rounds, between, top, membershipsPerPage) => {
        const replica = deltaReplica(pagesOf(top, membershipsPerPage), '{}');
        const left = [...between];
        for (const batch of rounds) {
          await replica.round(async () => {
            const next = left.shift();
            if (next !== undefined) await write(next);
          });
          for (const one of batch) await write(one);
        }
        await assertAgrees(replica);
      },
    ),
    { numRuns: ROUNDS, seed: SEED, endOnFailure: true },
  );
});

test('a round ends, too, when the change that a class was told for is overtaken before its last page', async () => {
  const place = (m: number): Write => ({ kind: 'place', n: 0, m, active: true, role: 'student' });
  const person = (active: boolean): Write => ({ kind: 'person', n: 0, m: 0, active, role: 'student' });
  for (const n of classIds.keys()) await write({ ...place(0), kind: 'class', n });
  const replica = deltaReplica(pagesOf(3, 1), '{}');
  await replica.round();
  for (const change of [person(true), place(1), place(2), place(3)]) await write(change);
  await replica.round(() => write(person(false)));
  await assertAgrees(replica);
});

test('nothing is told twice in a round, nor cut off, however many places a class has', async () => {
  for (const classId of classIds) {
    await write({ kind: 'class', n: classIds.indexOf(classId), m: 0, active: true, role: 'student' });
    await write({ kind: 'allPlaces', n: classIds.indexOf(classId), m: 0, active: true, role: 'student' });
  }
  for (const m of personIds.keys()) await write({ kind: 'person', n: 0, m, active: true, role: 'student' });
  for (const membershipsPerPage of [1, 2, 5, 6, 7, 100]) {
    const replica = deltaReplica(pagesOf(2, membershipsPerPage), '{}');
    const first = await replica.round();
    const told = first.flatMap(({ id, 'members@delta': members = [] }) =>
      members.map((one) => `${id} ${one.id}`),
    );
    assert.equal(told.length, CLASSES * PEOPLE);
    assert.equal(new Set(told).size, told.length);
    assert.equal(first.filter((entry) => 'displayName' in entry).length, CLASSES);
    for (const n of classIds.keys())
      await write({ kind: 'allPlaces', n, m: 0, active: n % 2 === 0, role: 'student' });
    const second = await replica.round();
    const changes = second.flatMap(({ id, 'members@delta': members = [] }) =>
      members.map((one) => `${id} ${one.id}`),
    );
    assert.equal(changes.length, CLASSES * PEOPLE);
    assert.equal(new Set(changes).size, changes.length);
    for (const n of classIds.keys())
      await write({ kind: 'allPlaces', n, m: 0, active: true, role: 'student' });
  }
});
