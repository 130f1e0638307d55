import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Client } from 'pg';

import { ITEM_BAND, KINDS } from '#core/roster/kinds.ts';
import { must } from '#lib/assert.ts';
import { realSystem } from '#lib/system.ts';
import { asOwner, inTenant, type Tx } from '#storage/database.ts';
import { testDatabase, type TestDatabase } from '#test/helpers/database.ts';
import { addSourceSystem } from '#test/helpers/plan-and-apply.ts';

import { applyRange } from './apply-batch.ts';

let database: TestDatabase;
before(async () => {
  database = await testDatabase();
});
after(() => database.close());

const PEOPLE = 1_000;
const BEFORE_STUDENTS = KINDS.indexOf('student') * ITEM_BAND;

async function addPeople(): Promise<void> {
  await asOwner(database.db, (tx) => tx.query('alter table account set (autovacuum_enabled = false)'));
  await inTenant(database.db, database.tenantId, async (tx) => {
    await tx.query(
      `insert into person (tenant_id, id, display_name, change_seq)
       select current_tenant(), md5(n::text)::uuid, 'Somebody', 1 from generate_series(1, $1::integer) n`,
      [PEOPLE],
    );
    await tx.query(
      `insert into account (tenant_id, id, person_id, user_name, mail, change_seq)
       select tenant_id, id, id, 'u' || n || '@s.example', 'u' || n || '@s.example', 1
         from person join generate_series(1, $1::integer) n on id = md5(n::text)::uuid`,
      [PEOPLE],
    );
  });
}

/** A plan in which all user names go round: each to the one before. @returns the run. */
async function planRound(
  source: { sourceSystemId: string; profileId: string },
  places: number,
): Promise<string> {
  const runId = realSystem.newId();
  const nameOf = (n: string): string =>
    `jsonb_build_object('username', 'u' || ${n}, 'userPrincipalName', 'u' || ${n} || '@s.example')`;
  await inTenant(database.db, database.tenantId, async (tx) => {
    await tx.query(
      `insert into run (tenant_id, id, profile_id, state, epoch, requested_by) values (current_tenant(), $1, $2, 'applying', 1, 'test')`,
      [runId, source.profileId],
    );
    await tx.query(
      `insert into bulk.plan_item (run_id, item_no, kind, action, reason, key, content, source_id, object_id, after, before, file, line)
       select $1, $2::integer + n, 'student', 'update', 'changedInSource', md5(n::text)::uuid, n, 's' || n, md5(n::text)::uuid,
              ${nameOf('((n - 1 + $3) % $4 + 1)')}, ${nameOf('((n - 2 + $3) % $4 + 1)')}, 'test.csv', n
         from generate_series(1, $4::integer) n`,
      [runId, BEFORE_STUDENTS, places, PEOPLE],
    );
  });
  return runId;
}

interface PlanNode {
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** All rows that a part of a plan looked at. */
function rowsOf(node: PlanNode): number {
  const looked =
    node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0);
  return looked * node['Actual Loops'] + (node.Plans ?? []).reduce((sum, part) => sum + rowsOf(part), 0);
}

/** The same transaction, and what each of its statements about accounts looked at: it is explained first, and taken back. */
function explaining(tx: Tx, looked: number[]): Tx {
  return {
    client: tx.client,
    async query<Row>(text: string, values?: readonly unknown[]) {
      if (/account a|account o/u.test(text)) {
        await tx.query('savepoint explained');
        const [row] = await tx.query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
          `explain (analyze, timing off, format json) ${text}`,
          values,
        );
        await tx.query('rollback to savepoint explained');
        looked.push(rowsOf(must(must(row)['QUERY PLAN'][0]).Plan));
      }
      return tx.query<Row>(text, values);
    },
  };
}

/** The most rows that a statement looked at, when that plan is applied in one batch. */
async function mostRowsLookedAt(runId: string, sourceSystemId: string): Promise<number> {
  return inTenant(database.db, database.tenantId, async (tx) => {
    const range = { firstItemNo: BEFORE_STUDENTS + 1, lastItemNo: BEFORE_STUDENTS + PEOPLE, changeSeq: 2 };
    const looked: number[] = [];
    await applyRange(explaining(tx, looked), { runId, sourceSystemId, ...range });
    await tx.query(`update run set state = 'completed' where id = $1`, [runId]);
    assert.ok(looked.length >= 2);
    return Math.max(...looked);
  });
}

test('user names go round among accounts that PostgreSQL knows nothing of: none is compared with each', async () => {
  await addPeople();
  const source = await addSourceSystem(database.db, database.tenantId);
  const fresh = await mostRowsLookedAt(await planRound(source, 1), source.sourceSystemId);
  assert.ok(fresh > PEOPLE && fresh < PEOPLE * 20, `${fresh} rows`);

  // It knows how many there are, and not what is in them.
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query('vacuum rollbook.account');
  await client.end();
  const cleaned = await mostRowsLookedAt(await planRound(source, 2), source.sourceSystemId);
  assert.ok(cleaned > PEOPLE && cleaned < PEOPLE * 20, `${cleaned} rows`);

  const names = await inTenant(database.db, database.tenantId, (tx) =>
    tx.query<{ name: string; mail: string }>(
      `select user_name as name, mail from account where person_id in (md5('1')::uuid, md5('999')::uuid) order by 1`,
    ),
  );
  assert.deepEqual(
    names,
    ['u1@s.example', 'u3@s.example'].map((name) => ({ name, mail: name })),
  );
});
