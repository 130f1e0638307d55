import { Client } from 'pg';

import { type Api, call, uploadFolder } from './http-client.ts';

/** What the review of a plan costs, from the first preview of a roster. */
export interface ReviewMeasure {
  /** From the request for a plan until it waits. */
  readonly planSeconds: number;
  readonly items: number;
  /** Rows that were inserted into plan_item, and rows of it that were written again: a plan is written once. */
  readonly inserted: number;
  readonly updated: number;
  readonly planItemBytes: number;
  /** Milliseconds of each look at it. */
  readonly looks: Readonly<Record<string, number>>;
}

const PROFILES = '/beta/education/synchronizationProfiles';

/** Makes a preview of the files and looks at it as a reviewer does: counts, pages, one school, the far end. */
export async function measureReview(
  api: Api,
  profileId: string,
  folder: string,
  superuserUrl: string,
): Promise<ReviewMeasure> {
  const { value } = await call<{ value: string }>(api, 'GET', `${PROFILES}/${profileId}/uploadUrl`);
  await uploadFolder(value, folder);
  const started = performance.now();
  const { id } = await call<{ id: string }>(api, 'POST', `/api/v1/profiles/${profileId}/plan`, {});
  for (;;) {
    const run = await call<{ state: string; message: string | null }>(api, 'GET', `/api/v1/runs/${id}`);
    if (run.state === 'held') break;
    if (run.state === 'cancelled' || run.state === 'broken')
      throw new Error(`the plan ended: ${run.message}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const planSeconds = (performance.now() - started) / 1000;
  const looks: Record<string, number> = {};
  const look = async <T>(name: string, path: string): Promise<T> => {
    const at = performance.now();
    const answer = await call<T>(api, 'GET', `/api/v1/runs/${id}/plan${path}`);
    looks[name] = Math.round((performance.now() - at) * 10) / 10;
    return answer;
  };
  const plan = await look<{ itemCount: number; schools: { value: { school: string }[] } }>(
    'the plan with its schools',
    '',
  );
  const school = plan.schools.value.find((entry) => entry.school !== '')?.school ?? '';
  await look('first page of 1,000 items', '/items?$top=1000');
  await look('1,000 items of one school', `/items?$top=1000&school=${encodeURIComponent(school)}`);
  await look('pupils of one school', `/items?$top=1000&kind=student&school=${encodeURIComponent(school)}`);
  const far = Buffer.from('after:1400500000').toString('base64url');
  await look('1,000 enrollments from the middle', `/items?$top=1000&$skiptoken=${far}`);
  const client = new Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    // The counters of other sessions arrive a moment after their commit.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const { rows } = await client.query<{ inserted: number; updated: number; bytes: number }>(
      `select sum(n_tup_ins)::float8 as inserted, sum(n_tup_upd)::float8 as updated, sum(pg_total_relation_size(relid))::float8 as bytes
         from pg_stat_user_tables where schemaname = 'bulk' and relname like 'plan_item%'`,
    );
    const { inserted = 0, updated = 0, bytes = 0 } = rows[0] ?? {};
    return { planSeconds, items: plan.itemCount, inserted, updated, planItemBytes: bytes, looks };
  } finally {
    await client.end();
  }
}
