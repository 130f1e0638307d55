export interface NoticeEventDefinition {
  /** Ends the sentence "Profile X: ...", and is the subject of mails. */
  readonly title: string;
  /** When it is raised. */
  readonly raisedWhen: string;
  readonly remedy: string;
}

/** What an administrator is told of. Names are stable; mails and docs/guide/notices.md are made from this table. */
export const NOTICE_EVENTS = {
  held: {
    title: 'a sync waits for a decision',
    raisedWhen:
      'A run is held: by its files, by errors above the tolerance, by the verdict, or for an approval.',
    remedy:
      'Read the reasons. Sync corrected files, or accept the plan if it is right as it is: rollbook status, rollbook resume.',
  },
  quarantined: {
    title: 'the profile is in quarantine',
    raisedWhen: 'Several runs in a row broke off; the profile is tried once a day from then on.',
    remedy: 'Remove the cause that is named (disk, database, key, files), then sync or reset the profile.',
  },
  recovered: {
    title: 'the profile works again',
    raisedWhen: 'A run was completed and closed what was told before.',
    remedy: 'Nothing to do.',
  },
  expired: {
    title: 'the profile has expired',
    raisedWhen: 'The expiration date of the profile is over; it is not synced any more.',
    remedy: 'Give the profile a later expirationDate if it is still needed, else delete it.',
  },
  disabled: {
    title: 'the profile was disabled',
    raisedWhen: 'The profile was in quarantine for four weeks; it is not tried any more.',
    remedy: 'Remove the cause, then resume or reset the profile.',
  },
  recordDropped: {
    title: 'a record was given up',
    raisedWhen: 'A record could not be written for 28 days and is not tried any more.',
    remedy: 'rollbook errors names the record. Correct it in the source; the next sync takes it.',
  },
  scheduledWithoutFiles: {
    title: 'a scheduled sync had no files',
    raisedWhen: 'The time of a scheduled sync came, and there were no files to sync.',
    remedy: 'See to it that the export runs before the schedule, or change the schedule.',
  },
} as const satisfies Record<string, NoticeEventDefinition>;

export type NoticeEvent = keyof typeof NOTICE_EVENTS;
export const NOTICE_EVENT_NAMES = Object.keys(NOTICE_EVENTS) as NoticeEvent[];

/** Closed only by a run without any open error: the record is still not in the directory when others are. */
export const CLOSED_WITHOUT_ERRORS: readonly NoticeEvent[] = ['recordDropped'];
