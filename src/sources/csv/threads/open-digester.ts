import { RECORD_CODES } from '#core/roster/record-codes.ts';
import { must } from '#lib/assert.ts';

import { FindingCollector } from '../../finding-collector.ts';
import { noItems } from '../../item-sink.ts';
import { RosterDelta } from '../../roster-delta.ts';
import { RecordIndex } from '../../snapshot/record-index.ts';
import { CSV_LIMITS, CsvReader, type CsvRow } from '../csv-reader.ts';
import { fileOfRecord } from '../format.ts';
import { FORMATS } from '../formats.ts';
import { IdTable } from '../id-table.ts';
import { openReader } from '../open-reader.ts';
import { PersonDetails } from '../person-details.ts';
import { RecordHash } from '../record-hash.ts';
import { RosterFile } from '../roster-file.ts';
import type { RosterState } from '../roster-state.ts';
import { mayBeTotals } from '../totals-row.ts';
import { openValueChecks } from '../value-check.ts';
import {
  type DigestedLines,
  type DigestJob,
  type DigestLines,
  ODD,
  PLAIN,
  ROW_HEAD_WORDS,
} from './row-digest.ts';

/** Nothing is kept of what is found here: the rows that have findings are taken again, as a whole. */
const NO_FINDINGS = { errors: 0, warnings: 0, perCode: 0, samples: 0 };

/** @returns what digests whole lines of the file of the job, and changes them in place as the reader of CSV does. */
export function openDigester(job: DigestJob): (lines: DigestLines) => DigestedLines {
  const definition = must(FORMATS[job.format].files.find(({ name }) => name === job.file));
  const { header } = job;
  const state = openDigestState(job);
  let file: RosterFile | null = null;
  let rows = new Int32Array(new SharedArrayBuffer(0));
  let count = 0;

  const digestRow = (row: CsvRow): void => {
    file ??= new RosterFile(
      definition,
      header,
      new FindingCollector(NO_FINDINGS),
      row,
      job.dateOrders,
      openValueChecks(state, definition),
    );
    digest ??= must(openReader(state, file).digest, 'only rows that have a digest come here');
    const stride = ROW_HEAD_WORDS + digest.words;
    const at = count * stride;
    if (at + stride > rows.length) rows = widen(rows, at + stride);
    rows[at] = row.start;
    rows[at + 1] = row.line;
    const isRow = row.fault === null && row.count === header.fieldCount;
    const isOdd = !isRow || mayBeTotals(row) || file.isWithdrawn(row);
    if (!isOdd) file.begin(row);
    rows[at + 2] = !isOdd && digest.make(rows, at + ROW_HEAD_WORDS) && file.isQuiet ? PLAIN : ODD;
    count += 1;
  };
  let digest: ReturnType<typeof openReader>['digest'];
  let csv: CsvReader | null = null;

  return (lines) => {
    const { bytes } = lines;
    ({ rows } = lines);
    // After a byte that is not UTF-8 a reader reads no more.
    if (csv === null || !csv.isBetweenLines) csv = new CsvReader(digestRow, CSV_LIMITS, job.separator);
    csv.goTo(0);
    count = 0;
    csv.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    return {
      rows,
      rowCount: count,
      lineCount: csv.line,
      isWhole: csv.isBetweenLines,
      provenUtf8: csv.provenUtf8,
    };
  };
}

/** What readers of plain rows look at; the rest is empty. */
function openDigestState({
  mapping,
  format,
  sharedUserIds,
  hashKey,
  fingerprint,
  tables,
  words,
}: DigestJob): RosterState {
  const newTable = (expected?: number): IdTable => new IdTable(tables.orgs.seed, expected);
  return {
    mapping,
    sharedUserIds,
    userRoles: null,
    fileOf: (name) => fileOfRecord(FORMATS[format], RECORD_CODES[name]),
    delta: new RosterDelta(RecordIndex.of(words), noItems, false),
    hash: new RecordHash(hashKey, fingerprint),
    orgs: IdTable.of(tables.orgs),
    classes: IdTable.of(tables.classes),
    anchoredIds: null,
    students: IdTable.of(tables.students),
    teachers: IdTable.of(tables.teachers),
    sessions: newTable(),
    courses: newTable(),
    details: new PersonDetails(newTable()),
    contacts: newTable(),
    roleless: newTable(),
    newTable,
    spared: new Set(),
    unreadableRows: new Set(),
    unusable: new Set(),
    digestContext: null,
    newId: () => '',
    sealPassword: () => null,
  };
}

function widen(rows: Int32Array<SharedArrayBuffer>, least: number): Int32Array<SharedArrayBuffer> {
  const wide = new Int32Array(new SharedArrayBuffer(Math.max(rows.length * 2, least) * 4));
  wide.set(rows);
  return wide;
}
