import type { Customization, CustomizedEntity, Customizations } from '#core/run/profile.ts';

/** What Graph writes where no date is set. */
export const NO_DATE = '0001-01-01T00:00:00Z';

/** The optional columns of teacher.csv: what an omitted `teacher` customization comes back with. */
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

/** Entities that an answer spells out even when they were left out. */
const SPELLED_OUT: readonly CustomizedEntity[] = ['teacher', 'studentEnrollment', 'teacherRoster'];

/**
 * The customizations as stored. What an answer spells out for an entity that was left out reads back as left out, so that a
 * client may send back what it got without changing anything.
 */
export function readCustomizations(
  sent: Readonly<Partial<Record<CustomizedEntity, Customization | null | undefined>>>,
): Customizations {
  const read: Partial<Record<CustomizedEntity, Customization>> = {};
  for (const [name, given] of Object.entries(sent)) {
    const entity = name as CustomizedEntity;
    if (!given) continue;
    const columns = columnsOf(entity, given.optionalPropertiesToSync);
    const customization = { ...given, optionalPropertiesToSync: columns };
    if (!SPELLED_OUT.includes(entity) || !saysNothing(customization)) read[entity] = customization;
  }
  return read;
}

function columnsOf(entity: CustomizedEntity, columns: readonly string[] | null): readonly string[] | null {
  // The relations have no optional columns: the list says nothing.
  if (entity === 'studentEnrollment' || entity === 'teacherRoster') return null;
  const all =
    entity === 'teacher' &&
    columns?.length === TEACHER_COLUMNS.length &&
    TEACHER_COLUMNS.every((column) => columns.includes(column));
  return all ? null : columns;
}

function saysNothing(customization: Customization): boolean {
  return (
    customization.optionalPropertiesToSync === null &&
    customization.synchronizationStartDate === null &&
    !customization.isSyncDeferred &&
    !customization.allowDisplayNameUpdate
  );
}
