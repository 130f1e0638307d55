import { type Check, checksOf, sizeText } from './check.ts';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

export interface DiskFacts {
  readonly path: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
  /** Files that can still be made; 0 of 0: the file system does not count them. */
  readonly freeFiles: number;
  readonly totalFiles: number;
}

/** Space for one large upload, its database rows and the log of the database. */
const TOO_LITTLE_BYTES = GIB;
const LITTLE_BYTES = 5 * GIB;

export function judgeSpace(name: string, disk: DiskFacts): Check {
  const { ok, warning, fault } = checksOf('disk');
  const { path, freeBytes, totalBytes, freeFiles, totalFiles } = disk;
  const found = `${sizeText(freeBytes)} of ${sizeText(totalBytes)} are free at ${path}.`;
  const remedy = `Make room, or move ${name} to a larger disk. A full disk stops all syncs; nothing is lost by it.`;
  if (freeBytes < TOO_LITTLE_BYTES) return fault(`free space of ${name}`, found, remedy);
  if (totalFiles > 0 && freeFiles < 1_000)
    return fault(`free space of ${name}`, `Only ${freeFiles} more files fit at ${path}.`, remedy);
  if (freeBytes < LITTLE_BYTES) return warning(`free space of ${name}`, found, remedy);
  return ok(`free space of ${name}`, found);
}

/** `medianMs`: of writing 8 KiB and waiting until the disk has it. */
export function judgeFsync(path: string, medianMs: number): Check {
  const { ok, warning, fault } = checksOf('disk');
  const found = `A write to ${path} is safe on the disk after ${medianMs.toFixed(1)} ms.`;
  const remedy = 'Use a local disk (SSD), not a network share: every commit and every upload waits for this.';
  if (medianMs > 200) return fault('speed of fsync', found, remedy);
  return medianMs > 25 ? warning('speed of fsync', found, remedy) : ok('speed of fsync', found);
}

export function judgeMemory(facts: {
  /** What the machine has, or the container may use. */
  readonly totalBytes: number;
  readonly availableBytes: number;
  /** PostgreSQL runs here, too. */
  readonly ownDatabase: boolean;
}): Check {
  const { ok, warning, fault } = checksOf('machine');
  const needed = facts.ownDatabase ? 2 * GIB : GIB;
  const found = `${sizeText(facts.availableBytes)} of ${sizeText(facts.totalBytes)} memory are available.`;
  const remedy = `Give it ${sizeText(needed)} at least; a district of 100,000 people needs twice as much.`;
  if (facts.totalBytes < needed / 2) return fault('memory', found, remedy);
  if (facts.totalBytes < needed || facts.availableBytes < 256 * MIB) return warning('memory', found, remedy);
  return ok('memory', found);
}

/** `limit`: files that the process may have open; null: none, or not known. */
export function judgeOpenFiles(limit: number | null): Check {
  const { ok, warning, fault, unknown } = checksOf('machine');
  if (limit === null) return unknown('open files', 'This system does not say how many files may be open.');
  const found = `A process may have ${limit} files open.`;
  const remedy = 'Raise it to 65536: LimitNOFILE of the systemd unit, or "ulimit -n".';
  if (limit < 1_024) return fault('open files', found, remedy);
  return limit < 4_096 ? warning('open files', found, remedy) : ok('open files', found);
}

export function judgeNode(version: string): Check {
  const { ok, fault } = checksOf('machine');
  const found = `Node.js ${version}.`;
  if (Number(version.split('.')[0]) >= 24) return ok('Node.js', found);
  return fault('Node.js', found, 'Rollbook needs Node.js 24 or newer.');
}

/** `zone`: what the process believes; `asked`: of the variable TZ. */
export function judgeTimeZone(zone: string, asked: string | undefined): Check {
  const { ok, warning } = checksOf('machine');
  // Older names of a zone stand for newer ones, so only what is no name at all can be told.
  if (asked !== undefined && asked !== '' && (zone === '' || zone === 'Etc/Unknown'))
    return warning(
      'time zone',
      `TZ=${asked.slice(0, 60)} is no time zone, so times are read as UTC.`,
      'Set TZ to a name such as Europe/Berlin, or remove it.',
    );
  return ok('time zone', `The process is in ${zone}; schedules use the time zone of their tenant.`);
}

/** `aheadSeconds`: by how much this machine's clock is ahead of the database's, as far as the way there lets us tell. */
export function judgeClock(aheadSeconds: number): Check {
  const { ok, warning, fault } = checksOf('database');
  const size = Math.abs(aheadSeconds);
  const found =
    size < 1
      ? 'The clocks of this machine and of the database agree.'
      : `The clock of this machine is ${size.toFixed(1)} s ${aheadSeconds > 0 ? 'ahead of' : 'behind'} the database's.`;
  const remedy =
    "Let both be set by NTP (chrony, systemd-timesyncd). Rollbook goes by the database's: where that one is wrong, schedules run at the wrong time and tokens of an identity provider are refused; where it is this one's, the log has wrong times.";
  if (size > 30) return fault('clock', found, remedy);
  return size > 2 ? warning('clock', found, remedy) : ok('clock', found);
}
