import type { Client } from 'pg';
import { to as copyTo } from 'pg-copy-streams';

import { RECORD_CODES } from '#core/roster/record-codes.ts';
import { DEMOGRAPHIC_PROPERTIES } from '#core/roster/records.ts';
import { assert } from '#lib/assert.ts';

/** Records as columns: four words a key and two a content hash, bytes in the order of memory. */
export interface RecordColumns {
  readonly keys: Int32Array;
  readonly contents: Int32Array;
  readonly codes: Uint8Array;
  /** Groups in which other files than their own said something of a person (contacts, demographics, flags), a bit each. */
  readonly described: Uint8Array;
}

/** Is added to the code of a record: another number than codes reach. */
const DESCRIBED_STEP = 1024;
/** By the number of the group (sources/csv/person-details.ts): whether a record has something of it. */
const GROUPS = [
  `attributes -> 'contacts' -> 0 is not null`,
  `coalesce(${DEMOGRAPHIC_PROPERTIES.map((property) => `attributes ->> '${property}'`).join(
    ', ',
  )}) is not null`,
  `attributes -> 'flags' -> 0 is not null`,
];
const DESCRIBED = `(${GROUPS.map((has, group) => `case when ${has} then ${DESCRIBED_STEP << group} else 0 end`).join(' + ')})`;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const HEADER_BYTES = 19;
/** Field count, then length and value of an int2, a uuid and an int8. */
const ROW_BYTES = 2 + (4 + 2) + (4 + 16) + (4 + 8);
const BATCH_ROWS = 32 * 1024;

/**
 * Streams code, key and content of every record that is current in the directory from a source system, those that were removed by
 * hand included: what the snapshot is rebuilt from. In the caller's transaction of the tenant. The arrays passed to `onBatch` are used again.
 */
export async function copyCurrentRecords(
  client: Client,
  sourceSystemId: string,
  onBatch: (records: RecordColumns) => void,
): Promise<void> {
  assert(UUID.test(sourceSystemId), 'a source system id is a UUID');
  const codeOf = (kind: keyof typeof RECORD_CODES): string => `${RECORD_CODES[kind]}::int2`;
  const linked = (['org', 'academicSession', 'course', 'class', 'student', 'teacher'] as const)
    .map((kind) => `when '${kind}' then ${codeOf(kind)}`)
    .join(' ');
  const where = `where source_system_id = '${sourceSystemId}' and active`;
  // The source states it still, so to the next sync it is known and unchanged.
  const orRemoved = `where source_system_id = '${sourceSystemId}' and (active or removed_by_hand is not null)`;
  const stream = client.query(
    copyTo(
      `copy (
         select (case kind ${linked} end + ${DESCRIBED})::int2, key, content from link ${where}
         union all
         select case role when 'student' then ${codeOf('studentRole')} else ${codeOf('teacherRole')} end, key, content from role ${orRemoved}
         union all
         select case role when 'teacher' then ${codeOf('teacherEnrollment')} else ${codeOf('studentEnrollment')} end, key, content
           from enrollment ${orRemoved}
       ) to stdout (format binary)`,
    ),
  );
  const keys = new Int32Array(BATCH_ROWS * 4);
  const contents = new Int32Array(BATCH_ROWS * 2);
  const codes = new Uint8Array(BATCH_ROWS);
  const described = new Uint8Array(BATCH_ROWS);
  let rows = 0;
  const flush = (): void => {
    if (rows > 0)
      onBatch({
        keys: keys.subarray(0, rows * 4),
        contents: contents.subarray(0, rows * 2),
        codes: codes.subarray(0, rows),
        described: described.subarray(0, rows),
      });
    rows = 0;
  };
  let carry: Buffer = Buffer.alloc(0);
  let skip = HEADER_BYTES;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    const bytes = carry.length === 0 ? chunk : Buffer.concat([carry, chunk]);
    let at = 0;
    if (skip > 0) {
      if (bytes.length < skip) {
        carry = bytes;
        continue;
      }
      at = skip;
      skip = 0;
    }
    for (; at + ROW_BYTES <= bytes.length; at += ROW_BYTES) {
      const code = bytes.readInt16BE(at + 6);
      codes[rows] = code % DESCRIBED_STEP;
      described[rows] = Math.floor(code / DESCRIBED_STEP);
      for (let word = 0; word < 4; word += 1) keys[rows * 4 + word] = bytes.readInt32LE(at + 12 + word * 4);
      contents[rows * 2] = bytes.readInt32LE(at + 32);
      contents[rows * 2 + 1] = bytes.readInt32LE(at + 36);
      rows += 1;
      if (rows === BATCH_ROWS) flush();
    }
    carry = Buffer.from(bytes.subarray(at));
  }
  flush();
  assert(carry.length === 2 && carry.readInt16BE() === -1, 'a COPY of records ended in the middle');
}

/** The generation of the records of a source system, on a plain connection. */
export async function readSnapshotGeneration(client: Client, sourceSystemId: string): Promise<number> {
  const { rows } = await client.query<{ generation: number }>(
    'select generation::float8 as generation from snapshot_state where source_system_id = $1',
    [sourceSystemId],
  );
  return rows[0]?.generation ?? 0;
}
