import { createHash } from 'node:crypto';

import { sharesUserIds } from '#core/roster/formats.ts';
import { RECORD_CODES, type RecordName } from '#core/roster/record-codes.ts';

import type { MappingSettings, SourceFile } from '../contract.ts';
import type { FindingCollector } from '../finding-collector.ts';
import type { RosterDelta } from '../roster-delta.ts';
import { type FileDefinition, fileOfRecord, type FormatDefinition, isOfPeople } from './format.ts';
import { IdTable } from './id-table.ts';
import { PersonDetails } from './person-details.ts';
import { RecordHash } from './record-hash.ts';
import type { RosterState } from './roster-state.ts';
import type { DigestOptions } from './threads/digest-threads.ts';
import { type FoundFile, scanAgents, scanRelatedUsers } from './scan-contact-users.ts';
import { noRoles, scanRoles } from './scan-roles.ts';

/** What the files of a roster share, with what has to be known of some of them before the first is read: roles, and who the contacts are. */
export async function openRosterState(
  {
    mapping,
    hashKey,
    confirmedFiles,
    digest,
  }: {
    readonly mapping: MappingSettings;
    readonly hashKey: Uint8Array;
    readonly confirmedFiles: readonly string[];
    readonly digest?: DigestOptions | null;
  },
  {
    findings,
    newId,
    sealPassword,
  }: Pick<RosterState, 'newId' | 'sealPassword'> & { readonly findings: FindingCollector },
  delta: RosterDelta,
  fingerprint: Buffer,
  format: FormatDefinition,
  filesByName: ReadonlyMap<string, SourceFile>,
): Promise<RosterState> {
  // Seeds the tables of ids: secret, so that nobody can make ids that collide.
  const seed = createHash('sha256').update(hashKey).update('id tables').digest().readInt32LE(0);
  const newTable = (expected?: number): IdTable => new IdTable(seed, expected);
  /** As many as there were, and some more. */
  const tableOf = (name: RecordName): IdTable => newTable(delta.before(RECORD_CODES[name]) * 1.1);
  const rolesFile = format.files.find(({ reader }) => reader === 'roles');
  const roles = rolesFile === undefined ? undefined : filesByName.get(rolesFile.name);
  const state: RosterState = {
    mapping,
    sharedUserIds: sharesUserIds(format.name),
    userRoles:
      rolesFile === undefined
        ? null
        : roles === undefined
          ? noRoles(mapping, newTable, confirmedFiles.includes(rolesFile.name))
          : await scanRoles(roles, rolesFile, mapping, newTable),
    fileOf: (name) => fileOfRecord(format, RECORD_CODES[name]),
    delta,
    hash: new RecordHash(hashKey, fingerprint),
    orgs: tableOf('org'),
    classes: tableOf('class'),
    anchoredIds: mapping.classAnchor === 'idAndSession' ? new Map() : null,
    students: tableOf('student'),
    teachers: tableOf('teacher'),
    sessions: newTable(),
    courses: newTable(),
    details: new PersonDetails(newTable(Math.max(...delta.describedBefore))),
    contacts: newTable(),
    roleless: newTable(),
    newTable,
    spared: new Set(),
    unreadableRows: new Set(),
    unusable: new Set(),
    digestContext:
      digest === null || digest === undefined
        ? null
        : { ...digest, format: format.name, hashKey, fingerprint },
    newId,
    sealPassword,
  };
  await findContacts(state, format, filesByName, findings);
  return state;
}

/** Of formats whose contacts are users: who they are. */
async function findContacts(
  state: RosterState,
  { files }: FormatDefinition,
  filesByName: ReadonlyMap<string, SourceFile>,
  findings: FindingCollector,
): Promise<void> {
  const find = (isWanted: (definition: FileDefinition) => boolean): FoundFile | undefined => {
    const definition = files.find(isWanted);
    const file = definition === undefined ? undefined : filesByName.get(definition.name);
    return definition === undefined || file === undefined ? undefined : { definition, file };
  };
  const users = find(isOfPeople);
  const relationships = find(({ reader }) => reader === 'relationships');
  if (users === undefined) return;
  if (users.definition.columns.some(({ property }) => property === 'agents'))
    await scanAgents(state, users, findings);
  else if (relationships !== undefined && !(await scanRelatedUsers(state, relationships, users, findings)))
    state.unreadableRows.add(users.definition.name);
}
