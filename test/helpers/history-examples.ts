import type { DayChange } from './history-roster.ts';
import type { Step } from './history-steps.ts';

const files = (...changes: DayChange[]): Omit<Extract<Step, { do: 'sync' }>, 'do'> => ({
  changes,
  withoutTeacherRoster: false,
  reversed: false,
});
const FIRST: Step = { do: 'sync', ...files() };
const rename = (pupil: number, name: number, row: 'good' | 'bad' = 'good'): DayChange => ({
  what: 'pupil',
  pupil,
  day: { row, school: pupil % 3, sections: [pupil % 3], name },
});
const move = (pupil: number, school: number, name = 1): DayChange => ({
  what: 'pupil',
  pupil,
  day: { row: 'good', school, sections: [school], name },
});
const leave = (pupil: number): DayChange => ({
  what: 'pupil',
  pupil,
  day: { row: 'absent', school: pupil % 3, sections: [], name: 1 },
});
const empty = (school: number): DayChange => ({ what: 'emptied', school });

/** Histories that chance makes too rarely: each step matters to the next. */
export const EXAMPLES: Readonly<Record<string, readonly Step[]>> = {
  'who goes from one school to another that waits is not put out of a class by the approval of a third': [
    FIRST,
    {
      do: 'sync',
      ...files(empty(1), empty(2), {
        what: 'pupil',
        pupil: 3,
        day: { row: 'good', school: 2, sections: [0, 3], name: 2 },
      }),
    },
    { do: 'approve school', school: 0 },
  ],
  'a reset accepts nothing: what is lost after it adds up': [
    FIRST,
    { do: 'reset' },
    { do: 'sync', ...files(leave(4)) },
    { do: 'sync', ...files(leave(5)) },
    { do: 'approve' },
  ],
  'a reset between two losses does not part them': [
    FIRST,
    { do: 'sync', ...files(leave(4)) },
    { do: 'reset' },
    { do: 'sync', ...files(leave(5)) },
    { do: 'approve' },
  ],
  'who left, came back and leaves again is one loss': [
    FIRST,
    {
      do: 'sync',
      ...files(
        { what: 'pupil', pupil: 5, day: { row: 'bad', school: 2, sections: [], name: 1 } },
        { what: 'pupil', pupil: 1, day: { row: 'good', school: 1, sections: [], name: 1 } },
        empty(0),
      ),
    },
    {
      do: 'sync',
      ...files(
        { what: 'pupil', pupil: 5, day: { row: 'good', school: 0, sections: [3, 1, 2], name: 1 } },
        { what: 'pupil', pupil: 4, day: { row: 'bad', school: 1, sections: [1], name: 2 } },
      ),
    },
    {
      do: 'sync',
      ...files(empty(0), empty(1), {
        what: 'pupil',
        pupil: 2,
        day: { row: 'bad', school: 1, sections: [], name: 1 },
      }),
    },
  ],
  'a preview is stale after another sync': [
    FIRST,
    { do: 'preview', ...files(rename(0, 2)) },
    { do: 'sync', ...files(rename(1, 2)) },
    { do: 'approve preview' },
  ],
  'a plan that waits gives way to a preview that is approved': [
    FIRST,
    { do: 'ask always' },
    { do: 'preview', ...files(rename(0, 2)) },
    { do: 'sync', ...files(rename(1, 2)) },
    { do: 'approve preview' },
    { do: 'approve' },
  ],
  'a hand edit between plan and approval is kept, and said': [
    FIRST,
    { do: 'preview', ...files(rename(0, 2), rename(1, 2)) },
    { do: 'edit', pupil: 0 },
    { do: 'approve preview' },
    { do: 'sync', ...files() },
  ],
  'a hand edit in a school that waits is kept, and said': [
    FIRST,
    { do: 'sync', ...files(move(0, 1)) },
    { do: 'sync', ...files(empty(1), move(0, 1, 2)) },
    { do: 'edit', pupil: 0 },
    { do: 'approve' },
    { do: 'sync', ...files() },
  ],
  'a preview stands when what waited before it is rejected': [
    FIRST,
    { do: 'sync', ...files({ what: 'school', school: 1, there: false }) },
    { do: 'preview', ...files({ what: 'school', school: 1, there: false }, rename(3, 1)) },
    { do: 'reject' },
    { do: 'approve preview' },
  ],
  'two schools wait: one is approved, one rejected, and it waits again': [
    FIRST,
    { do: 'sync', ...files(empty(1), empty(2)) },
    { do: 'approve school', school: 0 },
    { do: 'reject school', school: 0 },
    { do: 'sync', ...files() },
    { do: 'resume' },
  ],
  'whoever is let in by a school that waits is not put out elsewhere': [
    FIRST,
    { do: 'sync', ...files(empty(1), move(0, 1)) },
    { do: 'resume' },
  ],
  'a preview with a school beyond its limits is applied but for it': [
    FIRST,
    { do: 'preview', ...files(empty(1), rename(0, 2)) },
    { do: 'approve preview' },
    { do: 'approve' },
  ],
  'losses in two halves': [
    FIRST,
    {
      do: 'sync',
      ...files({ what: 'pupil', pupil: 1, day: { row: 'absent', school: 1, sections: [], name: 1 } }),
    },
    {
      do: 'sync',
      ...files({ what: 'pupil', pupil: 4, day: { row: 'absent', school: 1, sections: [], name: 1 } }),
    },
    { do: 'reject' },
    { do: 'sync', ...files() },
  ],
  'a rejected plan leaves the errors of the last one that went in': [
    { do: 'sync', ...files(rename(0, 1, 'bad')) },
    { do: 'ask always' },
    { do: 'sync', ...files(rename(0, 1), rename(1, 2)) },
    { do: 'reject' },
  ],
  'the last part is rejected during a pause': [
    FIRST,
    { do: 'sync', ...files(empty(1)) },
    { do: 'pause' },
    { do: 'reject' },
    { do: 'resume' },
  ],
  'a missing file is confirmed, and comes back': [
    FIRST,
    { do: 'sync', ...files(rename(0, 2)), withoutTeacherRoster: true },
    { do: 'resume' },
    { do: 'confirm' },
    { do: 'sync', ...files() },
  ],
};
