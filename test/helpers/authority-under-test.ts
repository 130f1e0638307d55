import assert from 'node:assert/strict';

import { dumpDirectory } from './directory-dump.ts';
import type { TestRollbook } from './rollbook.ts';
import { schoolAuthority } from './school-authority.ts';
import { copyOf, csvFiles, type Row, type SmallRoster } from './small-roster.ts';
import {
  changesOf,
  type ProfileStatusAnswer,
  type SyncClient,
  type VerificationMessage,
} from './sync-client.ts';

export type Files = Readonly<Record<string, string>>;

/** A school authority whose first load is in, and what its administrator does when an upload goes wrong. */
export interface AuthorityUnderTest {
  readonly profile: string;
  readonly prefix: string;
  /** What the information system holds: the next good upload. */
  readonly roster: SmallRoster;
  /** The files, with the roster edited for this upload alone. */
  files(edit?: (roster: SmallRoster) => void): Record<string, string>;
  /** Its part of the directory, ended records too. */
  dump(): Promise<string[]>;
  /** Upload, start, wait. */
  send(
    files: Files,
  ): Promise<ProfileStatusAnswer & { started: number; messages: readonly VerificationMessage[] }>;
  /** Rejects the plan, or the parts, of the newest run. */
  reject(note: string): Promise<void>;
  /** The good upload of the day after: it brings in one changed name and nothing else, so nothing was lost or left over. */
  correct(): Promise<void>;
  /** Another authority that got the good uploads alone has the same directory. */
  assertAsIfNothingHappened(): Promise<void>;
}

export async function authorityUnderTest(
  rollbook: TestRollbook,
  client: SyncClient,
  prefix: string,
): Promise<AuthorityUnderTest> {
  const roster = schoolAuthority(prefix);
  const profile = await client.createProfile({ displayName: `Authority ${prefix}` });
  const first = await client.sync(profile, csvFiles(roster));
  assert.equal(first.status, 'success', first.statusMessage);
  let corrected = 0;
  const dumpOf = async (own: string): Promise<string[]> =>
    (await dumpDirectory(rollbook.db, rollbook.tenantId))
      .filter((line) => line.includes(own))
      .map((line) => line.replaceAll(own, ''))
      .toSorted();
  return {
    profile,
    prefix,
    roster,
    files(edit) {
      const copy = copyOf(roster);
      edit?.(copy);
      return csvFiles(copy);
    },
    dump: () => dumpOf(prefix),
    async send(files) {
      await client.upload(profile, files);
      const { status: started, messages } = await client.start(profile);
      return { ...(await client.settled(profile)), started, messages };
    },
    async reject(note) {
      const { id } = await client.latestRun(profile);
      await client.ok('POST', `/api/v1/runs/${id}/reject`, { note });
      await client.settled(profile);
    },
    async correct() {
      const row = roster.student[corrected * 40];
      assert.ok(row);
      row['Last Name'] = `Corrected${++corrected}`;
      const status = await client.sync(profile, csvFiles(roster));
      assert.equal(status.status, 'success', status.statusMessage);
      assert.deepEqual(await changesOf(client, profile), { student: { updated: 1 } });
    },
    async assertAsIfNothingHappened() {
      const twin = 'twin-';
      const other = await client.createProfile({ displayName: `Twin of ${prefix}` });
      const renamed = Object.fromEntries(
        Object.entries(csvFiles(roster)).map(([name, text]) => [name, text.replaceAll(prefix, twin)]),
      );
      for (const files of [csvFiles(schoolAuthority(twin)), renamed])
        assert.equal((await client.sync(other, files)).status, 'success');
      assert.deepEqual(await dumpOf(prefix), await dumpOf(twin));
    },
  };
}

/** The rows of a school: by `School SIS ID`, or by the id of their class. */
export function ofSchool(row: Row, school: string): boolean {
  return row['School SIS ID'] === school || String(row['Section SIS ID']).startsWith(`${school}C`);
}

/** The first lines of a text with CRLF, whole. */
export function firstLines(text: string | undefined, count: number): string {
  return `${String(text).split('\r\n').slice(0, count).join('\r\n')}\r\n`;
}

/** All class ids get an ending, in the classes of one school or of all. */
export function renameSections(roster: SmallRoster, ending: string, school?: string): void {
  for (const row of roster.section)
    if (school === undefined || ofSchool(row, school)) row['SIS ID'] += ending;
  for (const row of [...roster.studentenrollment, ...roster.teacherroster])
    if (school === undefined || ofSchool(row, school)) row['Section SIS ID'] += ending;
}
