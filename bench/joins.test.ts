import assert from 'node:assert/strict';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from 'pg';

import { removeDataDirectory, temporaryDirectory } from '#test/helpers/data-directory.ts';

import { call } from './http-client.ts';
import { generateRoster, type GeneratorOptions, type RosterShape } from './roster-generator.ts';
import { openProfile, withServer, withService } from './service.ts';
import { syncFolder } from './sync-folder.ts';

/**
 * When everything in a roster changes at once, as with a new school year or a new information system, no statement compares each record with each.
 * PostgreSQL knows nothing of rows as fresh as those of a plan, takes them for one, and joins them so: a few do no harm, and twenty thousand classes
 * take a quarter of an hour. Counted, never timed, in the plans that PostgreSQL writes into its log.
 */
const SIZE: RosterShape = { schools: 4, students: 2_000, teachers: 200, sections: 1_200, enrollments: 9_000 };
/** Of the plan of a sync that changes everything: what is gone and what comes in its place. */
const MOST_ITEMS = 2 * (SIZE.students * 2 + SIZE.teachers * 2 + SIZE.sections * 2 + SIZE.enrollments);
const DAYS: readonly {
  readonly roster: Omit<GeneratorOptions, 'size' | 'seed'>;
  readonly settings?: object;
}[] = [
  { roster: {} },
  { roster: { change: 1 } },
  { roster: {} },
  { roster: { namesHandedOn: true } },
  { roster: {} },
  { roster: { newIds: true }, settings: { linkByUserName: true } },
];

const LOGGED = {
  session_preload_libraries: 'auto_explain',
  'auto_explain.log_min_duration': '2ms',
  'auto_explain.log_analyze': 'on',
  'auto_explain.log_timing': 'off',
  'auto_explain.log_nested_statements': 'on',
  'auto_explain.log_parameter_max_length': '0',
  'auto_explain.log_format': 'json',
};

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

interface LoggedPlan {
  readonly 'Query Text': string;
  readonly Plan: PlanNode;
}

const work = await temporaryDirectory();
after(() =>
  removeDataDirectory(join(work, 'postgres')).then(() => rm(work, { recursive: true, force: true })),
);

let plans: LoggedPlan[];
before(() =>
  withServer(work, async (server) => {
    await configure(server.url);
    await withService(work, server, 'joins', async ({ api }) => {
      const profileId = await openProfile(api);
      const folder = join(work, 'roster');
      for (const { roster, settings } of DAYS) {
        await rm(folder, { recursive: true, force: true });
        await generateRoster(folder, { size: SIZE, seed: 8, ...roster });
        if (settings !== undefined)
          await call<unknown>(api, 'PATCH', `/api/v1/profiles/${profileId}/settings`, settings);
        await syncFolder(api, profileId, folder);
      }
    });
    plans = await readPlans(join(work, 'postgres'));
  }),
);

async function configure(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const [name, value] of Object.entries(LOGGED))
      await client.query(`alter system set ${name} = '${value}'`);
    await client.query('select pg_reload_conf()');
  } finally {
    await client.end();
  }
}

/** Those of statements that took as long as to be logged. */
async function readPlans(directory: string): Promise<LoggedPlan[]> {
  const found: LoggedPlan[] = [];
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith('.log')) continue;
    const text = await readFile(join(entry.parentPath, entry.name), 'utf8');
    // The lines of a plan are indented, its last one too.
    for (const [, plan = ''] of text.matchAll(/ ms {2}plan:\n((?:\t.*\n)+)/gu))
      found.push(JSON.parse(plan) as LoggedPlan);
  }
  return found;
}

/** Rows that went through the node, those that it threw away among them. */
function rowsThrough(node: PlanNode): number {
  const each =
    (node['Actual Rows'] ?? 0) +
    (node['Rows Removed by Filter'] ?? 0) +
    (node['Rows Removed by Join Filter'] ?? 0);
  return Math.max(each * (node['Actual Loops'] ?? 0), ...(node.Plans ?? []).map(rowsThrough));
}

test('everything changes at once: no statement compares each record with each', () => {
  const applying = plans.filter(({ 'Query Text': text }) => text.includes('plan_item'));
  for (const table of ['class', 'person', 'account', 'role', 'enrollment', 'link'])
    assert.ok(
      applying.some(({ 'Query Text': text }) => text.includes(`update ${table} `)),
      `${applying.length} plans, none of an update of ${table}`,
    );
  const heavy = plans
    .map(({ 'Query Text': text, Plan }) => ({
      text: text.replaceAll(/\s+/gu, ' ').slice(-400),
      rows: rowsThrough(Plan),
    }))
    .filter(({ rows }) => rows > 3 * MOST_ITEMS);
  assert.deepEqual(heavy, []);
});
