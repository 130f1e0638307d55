import {
  type Certificate,
  certify,
  type CertifiedFile,
  CONFIRMATION_HOURS,
  describeUnproven,
  type EarlierFile,
} from '#core/plan/certificate.ts';
import { changedSchools, exceedsLimits, judge, type PlanCount, type Verdict } from '#core/plan/verdict.ts';
import { KINDS, type Kind } from '#core/roster/kinds.ts';
import { OperationalError } from '#lib/errors.ts';
import type { Tx } from '#storage/database.ts';
import { readClassesWithoutTeacher } from '#storage/plan/classes-without-teacher.ts';
import {
  countEndingsByFile,
  countNewlyUnmatched,
  readActiveBySchool,
  readEarlierFiles,
  readEndedInBreak,
  readSchoolNames,
  readWindow,
  readWindowRecords,
} from '#storage/plan/judge-facts.ts';
import { readReusedClasses } from '#storage/plan/reused-classes.ts';
import type { PlanScope } from '#storage/plan/resolve-links.ts';
import type { StageResult } from '#sources/contract.ts';

import type { RunScope } from './run-scope.ts';
import type { StagedRun } from './plan-run.ts';

/** What was received, by file name in lower case. */
export interface ReceivedFile {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** The bytes that were read are not those that were received: a disk that lies, or a bug. */
export class UploadDamagedError extends OperationalError {
  override readonly name = 'UploadDamagedError';
  constructor(file: string) {
    super(
      'UploadDamaged',
      `What was read of ${file} is not what was uploaded. Upload the files again and start again.`,
    );
  }
}

/** What proves that each file of the run was read whole. Throws UploadDamagedError. */
export async function certifyRun(tx: Tx, { run }: RunScope, staged: StagedRun): Promise<Certificate> {
  const { result, settings } = staged;
  compareWithReceived(result, staged.received);
  const files: CertifiedFile[] = result.files.map(
    ({ file, sizeBytes, sha256, rows, badRows, endsInBreak, recordsBefore, inManifest }) => ({
      file,
      sizeBytes,
      sha256,
      rows,
      badRows,
      // What Rollbook merged of delta files ends as Rollbook writes it.
      endsInBreak: result.merge === null ? endsInBreak : null,
      recordsBefore,
      inManifest,
    }),
  );
  const mayBeShort = files.some(({ rows, recordsBefore }) => rows < recordsBefore);
  const openEnd = files.some(({ endsInBreak }) => endsInBreak === false);
  return certify({
    rosterHash: result.rosterHash,
    files,
    confirmedFiles: run.confirmedFiles,
    earlier:
      mayBeShort || openEnd
        ? await readEarlierFiles(tx, run.profileId, run.id, CONFIRMATION_HOURS)
        : new Map<string, EarlierFile[]>(),
    endedInBreak: openEnd ? await readEndedInBreak(tx, run.profileId, run.id) : new Set<string>(),
    limit: settings.deactivationLimit,
    accepted: run.verdictAccepted,
  });
}

/** What came in a zip is compared as that zip; that its files came out of it whole, their checksums there said when they were read. */
function compareWithReceived({ files, archives }: StageResult, received: readonly ReceivedFile[]): void {
  const receivedByName = new Map(received.map((file) => [file.name.toLowerCase(), file]));
  const loose = files.filter(({ archive }) => archive === null);
  for (const { file, sizeBytes, sha256 } of [...loose, ...archives]) {
    const sent = receivedByName.get(file);
    if (sent?.sha256 !== sha256 || sent.sizeBytes !== sizeBytes) throw new UploadDamagedError(file);
  }
}

/** Judges the plan against the limits of the profile, with what went in by itself in the last days. */
export async function judgePlan(
  tx: Tx,
  { run }: RunScope,
  { result, settings }: StagedRun,
  counts: readonly PlanCount[],
  certificate: Certificate,
): Promise<Verdict> {
  const scope: PlanScope = { runId: run.id, sourceSystemId: run.sourceSystemId };
  const { limits: rules, deactivationLimit, unmatchedLimit, applyPolicy: policy } = settings;
  const gone = counts
    .filter(({ kind, action }) => kind === 'org' && action === 'deactivate')
    .map(({ school }) => school);
  const reused = mayReuse(counts) ? await readReusedClasses(tx, scope) : [];
  const withoutTeacher = has(counts, 'enrollment', ['end']) ? await readClassesWithoutTeacher(tx, scope) : [];
  const changed = changedSchools(counts, withoutTeacher);
  const schools = new Set([
    ...[...changed.values()].flatMap((ofKind) => [...ofKind]),
    ...gone,
    ...reused.map(({ school }) => school),
  ]);
  const facts = {
    counts,
    activeByKind: activeByKind(result),
    activeBySchool: await readActiveBySchool(tx, scope, changed),
    schoolNames: await readSchoolNames(tx, scope, [...schools]),
    rules,
    deactivationLimit,
    unmatchedLimit,
    unmatched: {
      count: await countNewlyUnmatched(tx, run.profileId, run.id),
      people: result.kinds.student.records + result.kinds.teacher.records,
    },
    reused,
    withoutTeacher,
    unproven: await unprovenEndings(tx, run.id, certificate),
    policy,
  };
  const changes = counts.some(({ judged }) => judged > 0);
  const hours = settings.limitWindowHours;
  const sums = changes ? await readWindow(tx, run.profileId, run.id, hours) : [];
  const cautious = sums.length > 0;
  const verdict = judge({ ...facts, window: sums, cautious });
  if (!cautious || !exceedsLimits(verdict)) return verdict;
  return judge({ ...facts, window: await readWindowRecords(tx, run.profileId, run.id, hours) });
}

/** A class whose id is used again is changed, and loses students. */
function mayReuse(counts: readonly PlanCount[]): boolean {
  return has(counts, 'class', ['update', 'move']) && has(counts, 'enrollment', ['end']);
}

function has(counts: readonly PlanCount[], kind: Kind, actions: readonly PlanCount['action'][]): boolean {
  return counts.some((count) => count.kind === kind && actions.includes(count.action) && count.count > 0);
}

async function unprovenEndings(
  tx: Tx,
  runId: string,
  certificate: Certificate,
): Promise<{ file: string; endings: number; message: string }[]> {
  if (certificate.complete) return [];
  const endingsByFile = await countEndingsByFile(tx, runId);
  return certificate.files.flatMap((file) => {
    const endings = endingsByFile.get(file.file) ?? 0;
    return file.proof !== null || endings === 0
      ? []
      : [{ file: file.file, endings, message: describeUnproven(file) }];
  });
}

function activeByKind(result: StageResult): Record<Kind, number> {
  return Object.fromEntries(KINDS.map((kind) => [kind, result.kinds[kind].before])) as Record<Kind, number>;
}
