import { FORMATS } from '#sources/csv/formats.ts';

/** The names of the six files of SDS V1, in lower case. */
export const SDS_V1_NAMES: readonly string[] = FORMATS['sds-v1'].files.flatMap(
  ({ name, optional = false }) => (optional ? [] : [name]),
);
