/** The steps of a history: how they are made up, done to a profile over HTTP, and told to people. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import * as fc from 'fast-check';

import type { HistoryModel } from './history-model.ts';
import {
  changeDay,
  type Day,
  type DayChange,
  filesOf,
  FIRST_DAY,
  PUPILS,
  type PupilDay,
  SCHOOLS,
  SECTIONS,
  sourceOf,
  userNameOf,
} from './history-roster.ts';
import type { TestRollbook } from './rollbook.ts';
import type { SyncClient } from './sync-client.ts';

interface Upload {
  readonly changes: readonly DayChange[];
  readonly withoutTeacherRoster: boolean;
  readonly reversed: boolean;
}

export type Step =
  /** So long after the start: `restartMs`: the service is stopped and started again; `pauseMs`: the profile is paused, and resumed at once. */
  | ({ readonly do: 'sync'; readonly restartMs?: number; readonly pauseMs?: number } & Upload)
  | ({ readonly do: 'preview' } & Upload)
  /** The one at this place of those that make sense. */
  | { readonly do: 'decide'; readonly choice: number }
  | { readonly do: 'approve preview' | 'reject preview' | 'approve' | 'reject' }
  /** One of those that wait; of none, the school at this place. */
  | { readonly do: 'approve school' | 'reject school'; readonly school: number }
  | { readonly do: 'resume' | 'confirm' | 'pause' | 'reset' | 'forget snapshots' | 'restart' }
  | { readonly do: 'ask always' | 'ask when in doubt' }
  | { readonly do: 'edit'; readonly pupil: number };

const pupilDay = fc.record<PupilDay>({
  row: fc.oneof(
    { weight: 3, arbitrary: fc.constant<PupilDay['row']>('good') },
    { weight: 2, arbitrary: fc.constant<PupilDay['row']>('absent') },
    fc.constant<PupilDay['row']>('bad'),
  ),
  school: fc.nat(SCHOOLS.length - 1),
  sections: fc.uniqueArray(fc.nat(SECTIONS.length - 1), { maxLength: 3 }),
  name: fc.integer({ min: 1, max: 2 }),
});
const school = fc.nat(SCHOOLS.length - 1);
/** One change of the files. */
export const dayChange: fc.Arbitrary<DayChange> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(fc.nat(PUPILS.length - 1), pupilDay)
      .map(([pupil, day]): DayChange => ({ what: 'pupil', pupil, day })),
  },
  { weight: 4, arbitrary: school.map((place): DayChange => ({ what: 'emptied', school: place })) },
  fc
    .tuple(fc.nat(SECTIONS.length - 1), fc.nat(2))
    .map(([section, name]): DayChange => ({ what: 'section', section, name })),
  fc
    .tuple(fc.integer({ min: 1, max: SCHOOLS.length - 1 }), fc.boolean())
    .map(([place, there]): DayChange => ({ what: 'school', school: place, there })),
);
const upload: fc.Arbitrary<Upload> = fc.record({
  changes: fc.array(dayChange, { maxLength: 4 }),
  withoutTeacherRoster: fc.oneof(
    { weight: 7, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  reversed: fc.boolean(),
});
const times = (weight: number, arbitrary: fc.Arbitrary<Step>): fc.WeightedArbitrary<Step> => ({
  weight,
  arbitrary,
});

/** Histories of one profile, most of which begin with a first sync. */
export function histories(withRestarts: boolean): fc.Arbitrary<Step[]> {
  const steps = [
    times(
      9,
      upload.map((files): Step => ({ do: 'sync', ...files })),
    ),
    times(
      4,
      fc
        .tuple(upload, fc.integer({ min: 0, max: 300 }))
        .map(([files, pauseMs]): Step => ({ do: 'sync', pauseMs, ...files })),
    ),
    times(
      5,
      upload.map((files): Step => ({ do: 'preview', ...files })),
    ),
    times(
      14,
      fc.nat(11).map((choice): Step => ({ do: 'decide', choice })),
    ),
    // Whether it makes sense or not.
    times(1, fc.constant({ do: 'approve preview' })),
    times(1, fc.constant({ do: 'approve' })),
    times(1, fc.constant({ do: 'reject' })),
    times(
      1,
      school.map((place): Step => ({ do: 'approve school', school: place })),
    ),
    times(1, fc.constant({ do: 'resume' })),
    times(1, fc.constant({ do: 'pause' })),
    times(1, fc.constant({ do: 'reset' })),
    times(1, fc.constant({ do: 'forget snapshots' })),
    times(1, fc.constant({ do: 'ask always' })),
    times(1, fc.constant({ do: 'ask when in doubt' })),
    times(
      3,
      fc.nat(PUPILS.length - 1).map((pupil): Step => ({ do: 'edit', pupil })),
    ),
  ];
  if (withRestarts)
    steps.push(
      times(3, fc.constant({ do: 'restart' })),
      times(
        6,
        fc
          .tuple(upload, fc.integer({ min: 0, max: 600 }))
          .map(([files, restartMs]): Step => ({ do: 'sync', restartMs, ...files })),
      ),
    );
  const first: Step = { do: 'sync', changes: [], withoutTeacherRoster: false, reversed: false };
  return fc
    .tuple(
      fc.oneof(
        { weight: 5, arbitrary: fc.constant<Step[]>([first]) },
        { weight: 1, arbitrary: fc.constant<Step[]>([]) },
      ),
      fc.array(fc.oneof(...steps), { minLength: 2, maxLength: 7 }),
    )
    .map(([begin, rest]) => [...begin, ...rest]);
}

/** A profile with its model, as far as its history is. */
export interface History {
  readonly rollbook: TestRollbook;
  readonly client: SyncClient;
  readonly profile: string;
  readonly sourceSystemId: string;
  readonly prefix: string;
  readonly model: HistoryModel;
  /** Number of a run in the model to its id. */
  readonly runIds: Map<number, string>;
  day: Day;
  /** The open upload has the file already, since a start was refused. */
  teacherRosterIsOpen: boolean;
  edits: number;
  /** The steps that were done, for people. */
  readonly told: string[];
}

export const newDay = (): Day => FIRST_DAY;

/** The decisions that something waits for; others are refused. */
function decisionsOf({ model }: History): Step[] {
  const decisions: Step[] = [];
  if (model.waitsFor('preview') === 'plan')
    decisions.push({ do: 'approve preview' }, { do: 'reject preview' });
  if (model.isPaused) decisions.push({ do: 'resume' });
  switch (model.waitsFor('sync')) {
    case 'plan':
    case 'approval':
      decisions.push({ do: 'approve' }, { do: 'reject' }, { do: 'resume' });
      break;
    case 'parts':
      decisions.push({ do: 'approve' }, { do: 'reject' }, { do: 'resume' });
      for (const [index] of model.openSchools.entries())
        decisions.push({ do: 'approve school', school: index }, { do: 'reject school', school: index });
      break;
    case 'badRows':
      decisions.push({ do: 'resume' });
      break;
    case 'confirmation':
      decisions.push({ do: 'confirm' });
      break;
    default:
      break;
  }
  return decisions;
}

/** Does a step, and tells the model. @returns the status code of the answer and the one the model expects; null: nothing was asked. */
export async function doStep(
  history: History,
  wanted: Step,
): Promise<{ answer: number; expected: number } | null> {
  const decisions = decisionsOf(history);
  const step =
    wanted.do === 'decide' && decisions.length > 0
      ? (decisions[wanted.choice % decisions.length] ?? wanted)
      : wanted;
  if (step.do === 'decide') return null;
  history.told.push(describe(step, history));
  const { client, model, profile, rollbook } = history;
  const graph = `/beta/education/synchronizationProfiles/${profile}`;
  const post = async (path: string, body?: unknown): Promise<number> =>
    (await client.call('POST', path, body)).status;
  const decide = async (
    run: number | null,
    action: string,
    expected: () => number,
    body?: unknown,
  ): Promise<{ answer: number; expected: number } | null> => {
    const id = run === null ? undefined : history.runIds.get(run);
    return id === undefined
      ? null
      : { expected: expected(), answer: await post(`/api/v1/runs/${id}/${action}`, body) };
  };
  switch (step.do) {
    case 'sync':
      return sync(history, step);
    case 'preview': {
      const source = await uploadOf(history, step);
      history.teacherRosterIsOpen = false;
      const expected = model.preview(source);
      const made = await client.call<{ id: string }>('POST', `/api/v1/profiles/${profile}/plan`);
      if (made.status === 202) history.runIds.set(model.asked.last, made.body.id);
      return { answer: made.status === 202 ? 200 : made.status, expected };
    }
    case 'approve preview':
      return decide(model.asked.preview, 'approve', () => model.approvePreview());
    case 'reject preview':
      return decide(model.asked.preview, 'reject', () => model.rejectPreview());
    case 'approve':
      return decide(model.asked.newest, 'approve', () => model.approve());
    case 'reject':
      return decide(model.asked.newest, 'reject', () => model.reject());
    case 'approve school':
    case 'reject school': {
      const id = schoolToDecide(history, step.school);
      const body = { schools: [history.prefix + id] };
      return step.do === 'approve school'
        ? decide(model.asked.newest, 'approve', () => model.approve(id), body)
        : decide(model.asked.newest, 'reject', () => model.reject(id), body);
    }
    case 'resume':
      return { expected: model.resume(), answer: await post(`${graph}/resume`) };
    case 'confirm':
      return {
        expected: model.confirm(),
        answer: await post(`/api/v1/profiles/${profile}/resume`, {
          confirmEmptyFiles: ['teacherroster.csv'],
        }),
      };
    case 'pause':
      return { expected: model.pause(), answer: await post(`${graph}/pause`) };
    case 'reset':
      return { expected: model.reset(), answer: await post(`${graph}/reset`) };
    case 'ask always':
    case 'ask when in doubt':
      model.alwaysAsks = step.do === 'ask always';
      await client.ok('PATCH', `/api/v1/profiles/${profile}/settings`, {
        applyPolicy: model.alwaysAsks ? 'alwaysAsk' : 'whenClean',
      });
      return null;
    case 'forget snapshots':
      await rm(join(rollbook.dataDir, 'snapshots', rollbook.tenantId, `${history.sourceSystemId}.snapshot`), {
        force: true,
      });
      return null;
    case 'restart':
      await rollbook.restart();
      return null;
    case 'edit':
      return edit(history, pupilToEdit(history, step.pupil));
  }
}

async function uploadOf(history: History, step: Upload): Promise<ReturnType<typeof sourceOf>> {
  history.day = changeDay(history.day, step.changes);
  const sent = sourceOf(history.day, step.withoutTeacherRoster);
  await history.client.upload(history.profile, filesOf(sent, history.prefix, step.reversed));
  history.teacherRosterIsOpen ||= !sent.withoutTeacherRoster;
  return { ...sent, withoutTeacherRoster: !history.teacherRosterIsOpen };
}

async function sync(
  history: History,
  step: Extract<Step, { do: 'sync' }>,
): Promise<{ answer: number; expected: number }> {
  const { client, model, profile, rollbook } = history;
  const source = await uploadOf(history, step);
  const expected = model.start(source);
  if (expected !== 409) history.teacherRosterIsOpen = false;
  const newest = async (): Promise<string | undefined> =>
    (await client.ok<{ value: { id: string }[] }>('GET', `/api/v1/profiles/${profile}/runs`)).value[0]?.id;
  const before = await newest();
  let starting = client.start(profile).then(({ status }) => status);
  if (step.pauseMs !== undefined && expected !== 409) {
    let answered = false;
    void starting.finally(() => (answered = true)).catch(() => undefined);
    while (!answered && (await newest()) === before) await wait(5);
    await wait(step.pauseMs);
    for (const action of ['pause', 'resume'])
      await client.ok('POST', `/beta/education/synchronizationProfiles/${profile}/${action}`);
    // What was suspended before it was validated is no stop to the start.
    const status = await starting;
    starting = Promise.resolve(status === 200 ? expected : status);
  }
  if (step.restartMs !== undefined) {
    const answered = starting.catch(() => null);
    await wait(step.restartMs);
    await rollbook.restart();
    // Nobody was told what became of the start: whoever called it looks, and calls again.
    const status = await answered;
    const isStarted = (await newest()) !== before;
    if (isStarted) starting = Promise.resolve(expected);
    else
      starting =
        status === null ? client.start(profile).then(({ status: late }) => late) : Promise.resolve(status);
  }
  const answer = await starting;
  const run = await newest();
  if (run !== undefined && expected !== 409) history.runIds.set(model.asked.last, run);
  return { answer, expected };
}

/** Writes other names by hand; a person that is not there is left alone. */
async function edit(history: History, pupil: string): Promise<{ answer: number; expected: number } | null> {
  const name = `Hand${(history.edits += 1)}`;
  if (!history.model.edit(pupil, name)) return null;
  const userPrincipalName = `${userNameOf(history.prefix, pupil)}@students.contoso.example`;
  const imported = await history.client.ok<{ updated: number }>('POST', '/api/v1/users/import', [
    { userPrincipalName, givenName: name, displayName: `${name} Law` },
  ]);
  return { answer: imported.updated === 1 ? 200 : 400, expected: 200 };
}

function schoolToDecide({ model }: History, place: number): string {
  const open = model.openSchools;
  return (open.length > 0 ? open[place % open.length] : SCHOOLS[place]) ?? '';
}

/** Preferably one whose change waits: then the hand comes between plan and apply. */
function pupilToEdit({ model }: History, place: number): string {
  const pupils = model.pupilsThatWait;
  return (pupils.length > 0 ? pupils[place % pupils.length] : PUPILS[place]) ?? '';
}

function describe(step: Step, history: History): string {
  switch (step.do) {
    case 'sync':
    case 'preview': {
      const changes =
        step.changes.length === 0 ? 'the same files' : step.changes.map(describeChange).join('; ');
      const restart =
        step.do !== 'sync'
          ? ''
          : step.restartMs !== undefined
            ? `, restart after ${step.restartMs} ms`
            : step.pauseMs !== undefined
              ? `, paused and resumed after ${step.pauseMs} ms`
              : '';
      return `${step.do}: ${changes}${step.withoutTeacherRoster ? '; without TeacherRoster.csv' : ''}${step.reversed ? ' (rows reversed)' : ''}${restart}`;
    }
    case 'approve school':
    case 'reject school':
      return `${step.do} ${schoolToDecide(history, step.school)}`;
    case 'edit':
      return `edit ${pupilToEdit(history, step.pupil)} by hand`;
    default:
      return step.do;
  }
}

function describeChange(change: DayChange): string {
  switch (change.what) {
    case 'pupil': {
      const { row, school: place, sections, name } = change.day;
      const who = `P${change.pupil}`;
      if (row === 'absent') return `${who} leaves`;
      return `${who} ${row === 'bad' ? '(bad row) ' : ''}in ${SCHOOLS[place] ?? '?'}, classes ${sections.map((c) => `C${c}`).join('+') || 'none'}, name ${name}`;
    }
    case 'section':
      return change.name === 0 ? `C${change.section} is gone` : `C${change.section} has name ${change.name}`;
    case 'school':
      return `${SCHOOLS[change.school] ?? '?'} is ${change.there ? 'there' : 'gone'}`;
    case 'emptied':
      return `all pupils of ${SCHOOLS[change.school] ?? '?'} leave`;
  }
}
