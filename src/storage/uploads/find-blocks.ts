import type { Tx } from '../database.ts';

/** Where the plain bytes of a block are: a part of an object. */
export interface BlockPlace {
  readonly objectName: string;
  readonly start: number;
  readonly sizeBytes: number;
}

export interface BlocksOfFile {
  /** Blocks that wait for their list, by block id. */
  readonly uncommittedById: ReadonlyMap<string, BlockPlace>;
  /** Blocks of the file that is there now, by block id. Empty when it was sent whole. */
  readonly committedById: ReadonlyMap<string, BlockPlace>;
}

/** What a Put Block List for this file may name. No lock: commitFile checks that what was used is still there. */
export async function findBlocks(tx: Tx, uploadId: string, fileName: string): Promise<BlocksOfFile> {
  const waiting = await tx.query<{ block_id: string; object_name: string; size_bytes: number }>(
    `select block_id, object_name, size_bytes::float8 as size_bytes
       from upload_block where upload_id = $1 and name = lower($2)`,
    [uploadId, fileName],
  );
  const [file] = await tx.query<{ object_name: string; blocks: { id: string; sizeBytes: number }[] | null }>(
    'select object_name, blocks from upload_file where upload_id = $1 and lower(name) = lower($2)',
    [uploadId, fileName],
  );
  const committedById = new Map<string, BlockPlace>();
  let start = 0;
  for (const { id, sizeBytes } of file?.blocks ?? []) {
    if (file) committedById.set(id, { objectName: file.object_name, start, sizeBytes });
    start += sizeBytes;
  }
  return {
    uncommittedById: new Map(
      waiting.map((row) => [
        row.block_id,
        { objectName: row.object_name, start: 0, sizeBytes: row.size_bytes },
      ]),
    ),
    committedById,
  };
}
