import type { Customization } from '#core/run/profile.ts';

/** What Graph writes where no date is set. */
export const NO_DATE = '0001-01-01T00:00:00Z';

/** The optional columns of teacher.csv: what an omitted `teacher` customization comes back with (graph-contract 1.8). */
export const TEACHER_COLUMNS: readonly string[] = [
  'State ID',
  'Teacher Number',
  'Status',
  'Middle Name',
  'Secondary Email',
  'Title',
  'Qualification',
];

/** A customization as sent, with what is absent filled in; Graph's "no date" is none. */
export function readCustomization(sent: {
  readonly optionalPropertiesToSync: readonly string[] | null;
  readonly synchronizationStartDate?: string | null | undefined;
  readonly isSyncDeferred?: boolean | null | undefined;
  readonly allowDisplayNameUpdate?: boolean | null | undefined;
}): Customization {
  const start = sent.synchronizationStartDate ?? null;
  return {
    optionalPropertiesToSync: sent.optionalPropertiesToSync,
    synchronizationStartDate: start === null || start.startsWith('0001-01-01') ? null : start,
    isSyncDeferred: sent.isSyncDeferred ?? false,
    allowDisplayNameUpdate: sent.allowDisplayNameUpdate ?? false,
  };
}
