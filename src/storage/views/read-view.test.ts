import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';

import type { Filter } from '#core/query/filter.ts';
import { inTenant, type Tx } from '#storage/database.ts';
import { refreshStatistics } from '#storage/directory/refresh-statistics.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { seedDirectory, seedStudents, type SeededDirectory } from '#test/helpers/seed-directory.ts';

import { orgsView } from './orgs-view.ts';
import { readObject, readPage, type PageQuery } from './read-view.ts';
import { peopleOfClass } from './relations.ts';
import { usersView } from './users-view.ts';
import { allLeaves } from './view.ts';

let database: TestDatabase;
let seeded: SeededDirectory;
before(async () => {
  database = await testDatabase();
  seeded = await seedDirectory(database.db, database.tenantId);
  await seedStudents(database.db, database.tenantId, 5_000);
  await refreshStatistics(database.db);
});
after(() => database.close());

const view = usersView('v1.0');
const paths = allLeaves(view);

/** How PostgreSQL answers the page, and the number of statements it took. */
async function planOf(
  query: Omit<PageQuery, 'view' | 'paths'>,
): Promise<{ plan: string; statements: number }> {
  return explained((tx) => readPage(tx, { view, paths, ...query }));
}

/** How PostgreSQL answers what is read, and the number of statements it took. */
async function explained(read: (tx: Tx) => Promise<unknown>): Promise<{ plan: string; statements: number }> {
  return inTenant(database.db, database.tenantId, async (tx) => {
    const plans: string[] = [];
    const explaining: Tx = {
      client: tx.client,
      async query<Row>(
        text: string,
        values?: readonly unknown[],
        options?: { readonly keep?: boolean },
      ): Promise<Row[]> {
        const rows = await tx.query<{ 'QUERY PLAN': string }>(`explain ${text}`, values);
        // What a connection keeps gets one plan for all values in the end.
        if (options?.keep === true) {
          const { rows: general } = await tx.client.query<{ 'QUERY PLAN': string }>(
            `explain (generic_plan) ${text}`,
          );
          rows.push(...general);
        }
        plans.push(rows.map((row) => row['QUERY PLAN']).join('\n'));
        return [];
      },
    };
    await read(explaining);
    return { plan: plans.join('\n'), statements: plans.length };
  });
}

describe('a page is one statement that follows indexes', () => {
  test('in the order of ids', async () => {
    for (const after of [undefined, { id: '018f0000-0000-7000-8000-000000000000' }]) {
      const { plan, statements } = await planOf({ limit: 100, after });
      assert.equal(statements, 1);
      assert.match(plan, /Index Scan using person_pkey/);
      assert.doesNotMatch(plan, /Seq Scan on (person|account)/);
      assert.doesNotMatch(plan, /Sort Key: p\.id/);
    }
  });

  test('in the order of names, from the first and far behind it, both ways', async () => {
    for (const descending of [false, true])
      for (const after of [undefined, { id: '018f0000-0000-7000-8000-000000000000', sort: ['m'] }]) {
        const { plan } = await planOf({ limit: 100, after, orderBy: [{ path: 'displayName', descending }] });
        assert.match(plan, /Index Scan (Backward )?using person_name_key/);
        assert.doesNotMatch(plan, /Sort Key: p\.name_key/);
        if (after !== undefined) assert.match(plan, /Index Cond: .*ROW\(name_key, id\)/);
      }
  });

  test('of a class', async () => {
    const of = { relation: peopleOfClass(), parentId: seeded.classes.algebra };
    const { plan, statements } = await planOf({ limit: 100, of });
    assert.equal(statements, 1);
    assert.doesNotMatch(plan, /Seq Scan on (person|account)/);
  });
});

test('one person is found in an index, by id and by user name', async () => {
  for (const key of [seeded.users.anna, 'Anna@Contoso.edu']) {
    const { plan } = await explained((tx) => readObject(tx, view, key));
    assert.doesNotMatch(plan, /Seq Scan on (person|account)/, key);
  }
});

test('orgs of a type, or below an org, are found in an index', async () => {
  await inTenant(database.db, database.tenantId, (tx) =>
    tx.query(
      `insert into org (tenant_id, id, type, parent_id, display_name, external_id, change_seq)
       select current_tenant(), gen_random_uuid(), case when n % 1000 = 0 then 'region' else 'school' end,
              case when n % 100 = 0 then $1::uuid end, 'Org ' || n, 'o' || n, 1 from generate_series(1, 5000) n`,
      [seeded.schools.contoso],
    ),
  );
  await refreshStatistics(database.db);
  const filters: [Filter, index: RegExp][] = [
    [
      { kind: 'compare', operator: 'eq', path: 'type', value: { type: 'enum', value: 'region' } },
      /Index Cond: .*type = 'region'/u,
    ],
    [
      {
        kind: 'compare',
        operator: 'eq',
        path: 'parent/id',
        value: { type: 'guid', value: seeded.schools.contoso },
      },
      /Index Cond: .*parent_id = /u,
    ],
  ];
  for (const [filter, index] of filters) {
    const page = { view: orgsView, paths: allLeaves(orgsView), filter, limit: 100 };
    const { plan } = await explained((tx) => readPage(tx, page));
    assert.match(plan, index);
    assert.doesNotMatch(plan, /Seq Scan on org o/u);
  }
});

test('a page is as long as asked, and the last one says that it is the last', async () => {
  const read = (limit: number, after?: PageQuery['after']): ReturnType<typeof readPage> =>
    inTenant(database.db, database.tenantId, (tx) => readPage(tx, { view, paths: ['id'], limit, after }));
  const { rows, next } = await read(5_000);
  assert.equal(rows.length, 5_000);
  assert.ok(next);
  const rest = await read(4, next);
  assert.deepEqual([rest.rows.length, rest.next], [4, undefined]);
});
