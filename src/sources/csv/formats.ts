import type { RosterFormat } from '#core/roster/formats.ts';

import { CLEVER } from './clever.ts';
import type { FormatDefinition } from './format.ts';
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

/** The names of the files of each format, in lower case, without doubles: what makes a complete roster. */
export const ROSTER_FILE_SETS: readonly (readonly string[])[] = [
  ...new Set(
    Object.values(FORMATS).map(({ files }) =>
      files.flatMap(({ name, optional = false }) => (optional ? [] : [name])).join('\n'),
    ),
  ),
].map((names) => names.split('\n'));

/** The names of all of them, of files that are not read too. */
export const ROSTER_FILES: ReadonlySet<string> = new Set(
  Object.values(FORMATS).flatMap(({ files }) => files.map(({ name }) => name)),
);
