import type { Tx } from '../database.ts';

export interface UploadFile {
  /** As sent. */
  readonly name: string;
  readonly objectName: string;
  readonly sizeBytes: number;
  /** Of the plain bytes, hexadecimal. */
  readonly sha256: string;
}

/** The files of an upload, by name. */
export async function listFiles(tx: Tx, uploadId: string): Promise<UploadFile[]> {
  return tx.query<UploadFile>(
    `select name, object_name as "objectName", size_bytes::float8 as "sizeBytes", encode(sha256, 'hex') as sha256
       from upload_file where upload_id = $1 order by lower(name)`,
    [uploadId],
  );
}
