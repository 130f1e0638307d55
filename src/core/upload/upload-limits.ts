/** What an upload may hold. Each is a setting; these are the defaults. */
export interface UploadLimits {
  readonly maxFileBytes: number;
  /** One Put Block. The protocol would allow 4,000 MiB. */
  readonly maxBlockBytes: number;
  /** All files of an upload, blocks that no list has named yet included. */
  readonly maxUploadBytes: number;
  readonly maxFiles: number;
  /** Blocks that wait for their list, and blocks in a list. */
  readonly maxBlocks: number;
}

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

export const DEFAULT_UPLOAD_LIMITS: UploadLimits = {
  maxFileBytes: 4 * GIB,
  maxBlockBytes: 100 * MIB,
  maxUploadBytes: 10 * GIB,
  maxFiles: 64,
  maxBlocks: 50_000,
};
