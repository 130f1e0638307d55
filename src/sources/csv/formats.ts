import type { RosterFormat } from '#core/roster/formats.ts';
import type { RosterFileSet } from '#core/schedule/roster-file-set.ts';

import { CLEVER } from './clever.ts';
import type { FormatDefinition } from './format.ts';
import { ONEROSTER_MANIFEST } from './oneroster-manifest.ts';
import { ONEROSTER_1_1, ONEROSTER_1_2 } from './oneroster.ts';
import { SDS_V1_UK } from './sds-v1-uk.ts';
import { SDS_V1 } from './sds-v1.ts';
import { SDS_V2 } from './sds-v2.ts';
import { SDS_V2_1 } from './sds-v2-1.ts';

/** The registry of roster formats. Of two that fit alike the first is taken. */
export const FORMATS: Readonly<Record<RosterFormat, FormatDefinition>> = {
  'sds-v1': SDS_V1,
  'sds-v1-uk': SDS_V1_UK,
  'sds-v2': SDS_V2,
  'sds-v2.1': SDS_V2_1,
  'oneroster-1.1': ONEROSTER_1_1,
  'oneroster-1.2': ONEROSTER_1_2,
  clever: CLEVER,
};

/** The files of each format, formats with the same files once. */
export const ROSTER_FILE_SETS: readonly RosterFileSet[] = [
  ...new Map(
    Object.values(FORMATS).map((format) => {
      const set = fileSetOf(format);
      return [JSON.stringify(set), set] as const;
    }),
  ).values(),
];

function fileSetOf({ files, manifest }: FormatDefinition): RosterFileSet {
  return {
    required: files.flatMap(({ name, optional = false }) => (optional ? [] : [name])),
    all: [...files.map(({ name }) => name), ...(manifest === undefined ? [] : [ONEROSTER_MANIFEST])],
  };
}

/** The names of all of them, of files that are not read too. */
export const ROSTER_FILES: ReadonlySet<string> = new Set(ROSTER_FILE_SETS.flatMap(({ all }) => all));
