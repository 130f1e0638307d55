import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { dumpDirectory } from './directory-dump.ts';
import type { TestRollbook } from './rollbook.ts';
import { csvFiles, type Row, smallRoster, type SmallRoster } from './small-roster.ts';
import { changesOf, type SyncClient, syncClient } from './sync-client.ts';

/** A profile with a roster that was synced: for tests of what is edited by hand between two syncs. */
export interface SyncedRoster {
  readonly profile: string;
  /** To be changed, and synced again. */
  readonly roster: SmallRoster;
  readonly client: SyncClient;
  /** Syncs the roster as it is now. @returns what changed. Fails when the sync does not succeed. */
  sync(): Promise<Record<string, Record<string, number>>>;
  /**
   * Syncs the roster as it is now with the snapshot as it is, and with one that is made anew from the directory: neither may change
   * anything, neither the roster's records nor what was edited by hand.
   */
  syncsChangeNothing(): Promise<void>;
  /** The id of a record's object; ids of the roster without its prefix. */
  idOf(kind: 'org' | 'class' | 'student' | 'teacher', sourceId: string): Promise<string>;
  /** A row of the roster by its SIS ID without the prefix. */
  row(file: 'school' | 'section' | 'student' | 'teacher', sourceId: string): Row;
  /** Sends a request under /beta/education that must succeed. */
  edit<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T>;
  /** An object as Graph shows it; undefined: 404. */
  read(path: string): Promise<Record<string, unknown> | undefined>;
  /** The ids of a collection. */
  idsOf(path: string): Promise<Set<string>>;
  add(path: string, userId: string): Promise<void>;
}

let made = 0;

/** Each call has ids and user names of its own. One school with two classes and four pupils, unless said otherwise. */
export async function syncedRoster(
  rollbook: TestRollbook,
  size: Parameters<typeof smallRoster>[0] = {},
): Promise<SyncedRoster> {
  const client = syncClient(rollbook);
  const prefix = `h${(made += 1)}-`;
  const roster = smallRoster({ schools: 1, sections: 2, students: 4, ...size });
  for (const rows of Object.values(roster) as Row[][]) {
    for (const row of rows) {
      for (const column of [
        'SIS ID',
        'School SIS ID',
        'Section SIS ID',
        'Username',
        'Course SIS ID',
        'Term SIS ID',
      ])
        if (row[column] !== undefined) row[column] = prefix + row[column];
    }
  }
  for (const school of roster.school) school['Phone'] = '100';
  for (const student of roster.student)
    Object.assign(student, {
      'Mailing City': 'Contoso',
      'Mailing Zip': '1',
      Birthdate: '2015-01-01',
      Gender: 'F',
    });
  const profile = await client.createProfile({ displayName: `Hand ${prefix}` });
  const dropSnapshots = (): Promise<void> =>
    rm(join(rollbook.dataDir, 'snapshots'), { recursive: true, force: true });
  const bench: SyncedRoster = {
    profile,
    roster,
    client,
    async sync() {
      const status = await client.sync(profile, csvFiles(roster));
      assert.equal(status.status, 'success', status.statusMessage);
      return changesOf(client, profile);
    },
    async syncsChangeNothing() {
      const before = await dumpDirectory(rollbook.db, rollbook.tenantId);
      assert.deepEqual(await bench.sync(), {}, 'with the snapshot');
      await dropSnapshots();
      assert.deepEqual(await bench.sync(), {}, 'with a snapshot made anew');
      assert.deepEqual(await dumpDirectory(rollbook.db, rollbook.tenantId), before);
    },
    async idOf(kind, sourceId) {
      const [link] = await rollbook.rows(
        `select l.object_id from link l join profile p on p.source_system_id = l.source_system_id
          where p.id = $1 and l.kind = $2 and l.source_id = $3`,
        [profile, kind, prefix + sourceId],
      );
      return String(link?.['object_id']);
    },
    row(file, sourceId) {
      const found = roster[file].find((row) => row['SIS ID'] === prefix + sourceId);
      assert.ok(found, `${file} ${sourceId}`);
      return found;
    },
    edit: (method, path, body) => client.ok(method, `/beta/education/${path}`, body),
    async read(path) {
      const { status, body } = await client.call<Record<string, unknown>>('GET', `/beta/education/${path}`);
      return status === 404 ? undefined : body;
    },
    async idsOf(path) {
      return new Set(
        (await client.all<{ id: string }>(`/beta/education/${path}?$select=id`)).map(({ id }) => id),
      );
    },
    async add(path, userId) {
      await client.ok('POST', `/beta/education/${path}/$ref`, {
        '@odata.id': `/v1.0/education/users/${userId}`,
      });
    },
  };
  await bench.sync();
  return bench;
}
