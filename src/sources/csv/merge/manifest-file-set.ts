import type { RosterFileSet } from '#core/schedule/roster-file-set.ts';

import { FORMATS } from '../formats.ts';
import { fileModes, ONEROSTER_MANIFEST, readOneRosterManifest, versionOf } from '../oneroster-manifest.ts';

/** Longer ones are not read as manifests. */
export const MAX_MANIFEST_BYTES = 256 * 1024;

/** The files that belong to an upload with delta files, as its manifest names them. Null: it has whole files, or is no manifest. */
export async function fileSetOfManifest(
  open: () => AsyncIterable<Uint8Array>,
): Promise<RosterFileSet | null> {
  const manifest = await readOneRosterManifest({ open });
  const version = versionOf(manifest) ?? FORMATS['oneroster-1.2'].manifest;
  const format = Object.values(FORMATS).find((one) => one.manifest !== undefined && one.manifest === version);
  const modes = format === undefined ? null : fileModes(manifest, format, new Set());
  if (modes === null) return null;
  const names = [...modes.keys()];
  return {
    required: [ONEROSTER_MANIFEST, ...names.filter((name) => modes.get(name) !== 'kept')],
    all: [...names, ONEROSTER_MANIFEST],
  };
}
