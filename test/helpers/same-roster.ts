/** One school in two formats: what SDS V1 is left with when it says no more than the other, and the directories that come of both. */
import assert from 'node:assert/strict';

import type { RosterFormat } from '#core/roster/formats.ts';
import { dumpDirectory } from './directory-dump.ts';
import {
  toCleverFormat,
  toOneRosterFormat,
  toUkFormat,
  toV21Format,
  toV2Format,
  withoutColumns,
} from './other-formats.ts';
import { startTestRollbook, type TestRollbook } from './rollbook.ts';
import { changesOf, type SyncClient, syncClient } from './sync-client.ts';

export type Files = Readonly<Record<string, string>>;

/** What Clever has no column for, and ids that it has not. */
export const NOT_IN_CLEVER = ['Status', 'Country', 'Term SIS ID', 'Course SIS ID'];

/** What SDS V2.1 has no column for (birth dates are in a file of their own). */
const NOT_IN_V21 = [
  'School Number',
  'Grade Low',
  'Grade High',
  'Address',
  'City',
  'State',
  'Country',
  'Zip',
  'Phone',
  'Periods',
  'Status',
  'Birthdate',
  'Graduation Year',
  'Title',
];

/** It has neither terms nor courses, nor numbers of anything. */
const NOT_IN_V2 = [
  ...NOT_IN_V21,
  'Section Number',
  'Term SIS ID',
  'Term Name',
  'Term StartDate',
  'Term EndDate',
  'Course SIS ID',
  'Course Name',
  'Course Number',
  'Course Subject',
  'Student Number',
  'Teacher Number',
];

export interface OtherFormat {
  readonly title: string;
  readonly convert: (v1: Files) => Files;
  /** Columns of SDS V1 that it has no place for. */
  readonly notIn: readonly string[];
  /** A user has one id, whatever the roles. */
  readonly ofUsers: boolean;
}

/** By format: what is compared with SDS V1. */
export const OTHER_FORMATS: Readonly<Record<Exclude<RosterFormat, 'sds-v1'>, OtherFormat>> = {
  'sds-v1-uk': { title: 'UK titles', convert: toUkFormat, notIn: [], ofUsers: false },
  clever: { title: 'Clever', convert: toCleverFormat, notIn: NOT_IN_CLEVER, ofUsers: false },
  'sds-v2': { title: 'SDS V2', convert: toV2Format, notIn: NOT_IN_V2, ofUsers: true },
  'sds-v2.1': {
    title: 'SDS V2.1',
    convert: toV21Format,
    // Its subjects are those of a list.
    notIn: [...NOT_IN_V21, 'Course Subject'],
    ofUsers: true,
  },
  'oneroster-1.1': {
    title: 'OneRoster 1.1',
    convert: (files) => toOneRosterFormat(files, '1.1'),
    notIn: NOT_IN_V21,
    ofUsers: true,
  },
  'oneroster-1.2': {
    title: 'OneRoster 1.2',
    convert: (files) => toOneRosterFormat(files, '1.2'),
    notIn: NOT_IN_V21,
    ofUsers: true,
  },
};

export async function withRollbook(
  work: (rollbook: TestRollbook, client: SyncClient) => Promise<void>,
): Promise<void> {
  const rollbook = await startTestRollbook();
  try {
    await work(rollbook, syncClient(rollbook));
  } finally {
    await rollbook.stop();
  }
}

export const buffers = (files: Files): Record<string, Buffer> =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [name, Buffer.from(text)]));

/** The directory after a first sync, and after a second one with changes. The same files once more change nothing, after either. */
export async function directoriesOf(first: Files, changed: Files): Promise<[string[], string[]]> {
  const dumps: string[][] = [];
  await withRollbook(async (rollbook, client) => {
    const profile = await client.createProfile({ displayName: 'Format' });
    // Schools so small that most changes are of more than half of them.
    await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, { applyPolicy: 'atOnce' });
    for (const files of [first, changed]) {
      const status = await client.sync(profile, buffers(files));
      assert.equal(status.status, 'success', status.statusMessage);
      const dump = await dumpDirectory(rollbook.db, rollbook.tenantId);
      assert.equal((await client.sync(profile, buffers(files))).status, 'success');
      assert.deepEqual(await changesOf(client, profile), {}, 'the same files change nothing');
      assert.deepEqual(await dumpDirectory(rollbook.db, rollbook.tenantId), dump);
      dumps.push(dump);
    }
  });
  const [before = [], after = []] = dumps;
  return [before, after];
}

/**
 * Two syncs of a school, in SDS V1 and in another format, end in the same directories, as far as that can say it. @returns those of SDS V1.
 */
export async function assertSameDirectories(
  other: OtherFormat,
  first: Files,
  changed: Files,
): Promise<[string[], string[]]> {
  const said = (files: Files): Files => withoutColumns(files, other.notIn);
  const [v1, others] = await Promise.all([
    directoriesOf(said(first), said(changed)),
    directoriesOf(other.convert(said(first)), other.convert(said(changed))),
  ]);
  if (!other.ofUsers) {
    assert.deepEqual(others, v1);
    return v1;
  }
  assert.deepEqual(others.map(withoutDetails), v1.map(withoutDetails));
  return v1;
}

function withoutDetails(lines: readonly string[]): string[] {
  return (
    lines
      // What the source said last, word by word, is in links: type and year of a term, for instance.
      .filter((line) => !line.startsWith('link '))
      // Where it is OneRoster 1.2, the grade stands with the person, and not with the role.
      .map((line) =>
        line.startsWith('role ') ? line.replace(/, (?:"\w\w"|null), (true|false)\]$/u, ', $1]') : line,
      )
  );
}
