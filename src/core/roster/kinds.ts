/**
 * The kinds of records a roster holds, in the order they are applied: what is pointed at stands before what points.
 * `student` and `teacher` are both persons; SDS V1 numbers them apart, so a pupil and a teacher may share a source id.
 */
export const KINDS = [
  'org',
  'academicSession',
  'course',
  'class',
  'student',
  'teacher',
  'role',
  'enrollment',
] as const;

export type Kind = (typeof KINDS)[number];

/** Kinds whose records have a link row. Roles and enrollments carry key and content themselves. */
export type LinkedKind = Exclude<Kind, 'role' | 'enrollment'>;

/** What a plan item does to the directory. `link` joins a source record to an object that was there already. */
export const ACTIONS = ['create', 'update', 'deactivate', 'reactivate', 'end', 'move', 'link'] as const;
export type Action = (typeof ACTIONS)[number];

/** Why. One word each, shown to people through the table in docs. */
export const REASONS = [
  'newInSource',
  'changedInSource',
  'settingsChanged',
  'absentInSource',
  'backInSource',
  'matchedAccount',
  'userNameTaken',
  'sameUser',
  'movedToSchool',
  'movedFromSchool',
  'profileExpired',
  'expirationUndone',
  'expirationUndoneInPart',
] as const;
export type Reason = (typeof REASONS)[number];

/**
 * Plan items are numbered in bands, so that item_no alone is the order of apply although the files are read in
 * another order: band of kind k (0 to 7) starts at k * ITEM_BAND; endings of all kinds follow in band 8, kinds reversed.
 * Nine bands fit into a signed 32-bit integer; a kind may have up to 200 million items in one run.
 */
export const ITEM_BAND = 200_000_000;
export const ENDINGS_BAND_START = KINDS.length * ITEM_BAND;
