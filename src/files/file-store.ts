/** What a write found out about the plain bytes while they went by. */
export interface WrittenObject {
  readonly sizeBytes: number;
  readonly sha256: Buffer;
  readonly md5: Buffer;
}

export interface StoredObject {
  readonly objectName: string;
  /** Of the encrypted object. */
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
}

/** Bytes of the plain object: from `start` (counted from 0), that many. */
export interface ByteRange {
  readonly start: number;
  readonly sizeBytes: number;
}

/** Who wants to keep uploads somewhere. Ids of installations are UUIDs. */
export interface StoreClaim {
  readonly installationId: string;
  /** The installation whose place this one takes, if it stands there. */
  readonly replaces: string | undefined;
}

/**
 * Keeps the bytes of uploads, encrypted (docs/adr/0004-upload-encryption.md). A local disk, or a
 * storage of objects on the network. Object names are UUIDs that Rollbook made; what a client calls its file never gets here.
 */
export interface FileStore {
  /**
   * Streams `plain` into a new object. It is durable when this resolves; when it rejects nothing is left behind.
   * `key`: 32 bytes. Errors: FileTooLargeError; whatever the stream throws; OperationalError from the disk.
   */
  write(
    objectName: string,
    plain: AsyncIterable<Uint8Array>,
    key: Uint8Array,
    limits: { readonly maxSizeBytes: number },
  ): Promise<WrittenObject>;

  /**
   * The plain bytes in pieces of about 1 MiB, each verified before it is handed out. Errors while iterating:
   * OperationalError `UploadBytesDamaged` (changed, cut off, another object's, another key), `UploadBytesMissing`.
   */
  read(objectName: string, key: Uint8Array, range?: ByteRange): AsyncIterable<Buffer>;

  /** Removes the object; one that is not there is fine. */
  remove(objectName: string): Promise<void>;

  /** Every finished object. */
  list(): AsyncIterable<StoredObject>;

  /** Removes what writes left unfinished when the process died, if nothing touched it since then. Returns how many. */
  removeUnfinished(untouchedSince: Date): Promise<number>;

  /**
   * Notes that the place belongs to this installation, and throws OperationalError `StorageOfAnother` when it belongs to another one, unless that
   * is the one to be replaced. Throws as well what keeps us out of the
   * store. What is removed as nobody's (list, removeUnfinished) is only safe in a place that was claimed.
   */
  claim(claim: StoreClaim): Promise<void>;
}
