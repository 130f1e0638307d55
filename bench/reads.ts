/**
 * `npm run bench -- --reads`: what it costs to read a directory of that size: a page far behind the first, a person's classes and a
 * class's members in the database itself, and the start of a service on it.
 */
import { join } from 'node:path';

import type { PostgresServer } from '#storage/postgres-server/start-postgres.ts';

import { type DirectoryStatements, explainReads } from './directory-statements.ts';
import { type Api, call } from './http-client.ts';
import { machineOf } from './machine.ts';
import { quantile } from './quantile.ts';
import { cpuSecondsOf } from './resources.ts';
import { generateRoster, type RosterSize } from './roster-generator.ts';
import { hasService, openProfile, withServer, withService } from './service.ts';
import { measureIdleStatus, syncFolder } from './sync-folder.ts';

export interface ReadsReport {
  readonly machine: string;
  readonly size: string;
  /** Medians of requests one after the other, the far page and the first in turns. */
  readonly pages: { readonly firstMs: number; readonly farMs: number };
  /** A thousand users on the first page, in the order of ids and in that of names. */
  readonly thousandUsers: { readonly byIdMs: number; readonly byNameMs: number };
  readonly statements: DirectoryStatements;
  /** Of PostgreSQL and of Rollbook behind it, to the first answer of /readyz; the latter beside a start with nothing to read. */
  readonly start: {
    readonly postgresSeconds: number;
    readonly rollbook: StartMeasure;
    readonly onEmptyDirectory: StartMeasure;
  };
  readonly idleStatusP99Ms: number;
}

/** A district is the smallest size that has it. */
const FAR_PAGE = 10_000;
interface StartMeasure {
  readonly seconds: number;
  /** Of the process. */
  readonly cpuSeconds: number;
}

const ROUNDS = 100;
const NAME = 'bench';
const USERS = '/v1.0/education/users';

/** A directory that an earlier call left there is read as it is; else one is made by a first sync. */
export async function measureReads(
  directory: string,
  { size, seed }: { readonly size: RosterSize; readonly seed: number },
  say: (line: string) => void,
): Promise<ReadsReport> {
  if (!(await hasService(directory, NAME))) {
    say(`writing the roster of a ${size} ...`);
    const folder = join(directory, 'roster');
    await generateRoster(folder, { size, seed });
    say('sync ...');
    await withServer(directory, (server) =>
      withService(directory, server, NAME, async ({ api }) => {
        await syncFolder(api, await openProfile(api), folder);
      }),
    );
  }
  say('start ...');
  const began = performance.now();
  return withServer(directory, async (server) => {
    const postgresSeconds = (performance.now() - began) / 1_000;
    // The first start of all makes the tables and a tenant; the second one is measured.
    await measureStart(directory, server, 'empty');
    const onEmptyDirectory = await measureStart(directory, server, 'empty');
    const rollbook = await measureStart(directory, server, NAME);
    return withService(directory, server, NAME, async ({ api, database, tenantId }) => {
      const { p99Ms } = await measureIdleStatus(api, await openProfile(api));
      say('statements ...');
      const statements = await explainReads(database, tenantId, { objects: 1_000, farPage: FAR_PAGE });
      say('pages ...');
      const far = await linkBehind(api, (FAR_PAGE - 1) * statements.usersPerPage, statements.usersPerPage);
      const [firstMs = 0, farMs = 0] = await inTurns(api, ROUNDS, [
        `${USERS}?$top=${statements.usersPerPage}`,
        far,
      ]);
      const [byIdMs = 0, byNameMs = 0] = await inTurns(api, 5, [
        `${USERS}?$top=1000`,
        `${USERS}?$top=1000&$orderby=displayName`,
      ]);
      return {
        machine: machineOf(),
        size,
        pages: { firstMs, farMs },
        thousandUsers: { byIdMs, byNameMs },
        statements,
        start: { postgresSeconds, rollbook, onEmptyDirectory },
        idleStatusP99Ms: p99Ms,
      };
    });
  });
}

async function measureStart(directory: string, server: PostgresServer, name: string): Promise<StartMeasure> {
  const began = performance.now();
  return withService(directory, server, name, async ({ pid }) => ({
    seconds: (performance.now() - began) / 1_000,
    cpuSeconds: await cpuSecondsOf(pid),
  }));
}

/** Medians in milliseconds, in the order of the links. */
async function inTurns(api: Api, rounds: number, links: readonly string[]): Promise<number[]> {
  const waits = links.map((): number[] => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, link] of links.entries()) {
      const asked = performance.now();
      await call<unknown>(api, 'GET', link);
      waits[index]?.push(performance.now() - asked);
    }
  }
  return waits.map((all) => quantile(all, 0.5));
}

/** Follows @odata.nextLink over so many users, on large pages of ids; the link to the page behind them, with all that is shown of a user. */
async function linkBehind(api: Api, users: number, usersPerPage: number): Promise<string> {
  let link = `${USERS}?$select=id`;
  for (let left = users; left > 0;) {
    const top = Math.min(left, 1_000);
    const page = await call<{ '@odata.nextLink'?: string }>(api, 'GET', withTop(link, top));
    link = page['@odata.nextLink'] ?? '';
    left -= top;
  }
  return withTop(link, usersPerPage).replace('$select=id&', '');
}

/** A token goes on with the same query; how many objects a page has, and what is shown of them, may change. */
function withTop(link: string, top: number): string {
  return `${link.replace(/&\$top=\d+/u, '')}&$top=${top}`;
}

const BARS = { farToFirst: 1.3, statementMs: 5, startSeconds: 3 } as const;

export function printReads(report: ReadsReport): void {
  const { pages, thousandUsers, statements, start } = report;
  const judge = (value: number, bar: number): string => `bar ${bar}: ${value > bar ? 'missed' : 'reached'}`;
  console.log(`machine: ${report.machine}`);
  console.log(`directory: ${report.size}, ${statements.users} users`);
  const ratio = pages.farMs / pages.firstMs;
  console.log(
    `page ${FAR_PAGE} of ${statements.usersPerPage} users: ${pages.farMs.toFixed(1)} ms, page 1: ${pages.firstMs.toFixed(1)} ms, ` +
      `${ratio.toFixed(2)} x (${judge(ratio, BARS.farToFirst)}); ${statements.farPage.buffers} and ${statements.firstPage.buffers} buffers`,
  );
  console.log(
    `1,000 users: ${thousandUsers.byIdMs.toFixed(0)} ms by id, ${thousandUsers.byNameMs.toFixed(0)} ms by name`,
  );
  for (const [name, { p50Ms, planningP50Ms, p99Ms, mostBuffers }] of [
    ["a person's classes", statements.classesOfPerson],
    ["a class's members", statements.membersOfClass],
  ] as const)
    console.log(
      `${name} in the database: p50 ${p50Ms.toFixed(2)} ms (planning ${planningP50Ms.toFixed(2)} ms), p99 ${p99Ms.toFixed(2)} ms (${judge(p99Ms, BARS.statementMs)}), ${mostBuffers} buffers at most`,
    );
  const { postgresSeconds, rollbook, onEmptyDirectory } = start;
  console.log(
    `start to /readyz: PostgreSQL ${postgresSeconds.toFixed(2)} s, Rollbook ${rollbook.seconds.toFixed(2)} s, CPU ${rollbook.cpuSeconds.toFixed(2)} s ` +
      `(both: ${judge(postgresSeconds + rollbook.seconds, BARS.startSeconds)}); of an empty directory ${onEmptyDirectory.seconds.toFixed(2)} s, CPU ${onEmptyDirectory.cpuSeconds.toFixed(2)} s`,
  );
  console.log(`status without a sync: p99 ${report.idleStatusP99Ms.toFixed(1)} ms`);
}
