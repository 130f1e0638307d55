import * as z from 'zod';

import { OperationalError } from '#lib/errors.ts';

import { messageAnswer, runAnswer, type MessageAnswer, type RunAnswer } from './client/answers.ts';
import type { ApiClient } from './client/api-client.ts';
import { ApiError } from './client/api-error.ts';
import { InterruptedError, PausedError, UnreachableError } from './exit-codes.ts';
import { profilePath, readStatus } from './profiles.ts';
import { printable } from './view/format.ts';
import type { Progress } from './view/progress-meter.ts';
import type { View } from './view/view.ts';

const FIRST_POLL_MS = 100;
const LONGEST_POLL_MS = 1000;

export interface StartedRun {
  readonly run: RunAnswer;
  /** What `start` said about the files. */
  readonly messages: readonly MessageAnswer[];
}

/** More previews than that do not stand before the newest run. */
const LOOKED_AT = 20;

/** The newest run of a profile, previews left out; null before the first. */
export async function readNewestRun(client: ApiClient, profileId: string): Promise<RunAnswer | null> {
  const runs = await listRuns(client, profileId, LOOKED_AT);
  return runs.find(({ planOnly }) => !planOnly) ?? null;
}

/** The same of those that a start asked for. What the service queues by itself, such as a retry, may come between and is replaced. */
async function readNewestStart(client: ApiClient, profileId: string): Promise<RunAnswer | null> {
  const runs = await listRuns(client, profileId, LOOKED_AT);
  return runs.find(({ planOnly, trigger }) => !planOnly && (trigger ?? 'start') === 'start') ?? null;
}

/** The newest runs of a profile, the newest first. */
export function listRuns(client: ApiClient, profileId: string, limit: number): Promise<RunAnswer[]> {
  return client.list(
    `/api/v1/profiles/${encodeURIComponent(profileId)}/runs?$top=${limit}`,
    runAnswer,
    limit,
  );
}

/**
 * Starts what was uploaded and follows the run to where it ends or waits. `start` answers only after the validation, so the run is
 * looked for meanwhile: progress is seen from the first row.
 */
export async function startAndFollow(client: ApiClient, profileId: string, view: View): Promise<StartedRun> {
  const { system, interrupt } = client.scope;
  const before = await readNewestStart(client, profileId);
  const answer: { start: StartAnswer | null } = { start: null };
  const starting = (async () => {
    answer.start = await sendStart(client, profileId);
  })();
  let run: RunAnswer | null = null;
  while (run === null) {
    const answered = answer.start;
    const newest = await readNewestStart(client, profileId);
    if (newest !== null && newest.id !== before?.id) run = newest;
    else if (answered?.failure !== undefined) throw await whyNotStarted(client, profileId, answered.failure);
    else if (answered !== null)
      throw new OperationalError('RunNotFound', 'The service started a run but does not list it.');
    else await sleepOr(system.sleep(FIRST_POLL_MS, interrupt), interrupt);
  }
  const ended = await followRun(client, run, view);
  await starting;
  const failure = answer.start?.failure;
  // A connection that broke before start was answered is no matter any more: the run has been followed to its end.
  if (failure !== undefined && !(failure instanceof UnreachableError)) throw failure;
  return { run: ended, messages: answer.start?.messages ?? [] };
}

/** A profile that is paused is a state to report, not a failure. */
async function whyNotStarted(client: ApiClient, profileId: string, failure: unknown): Promise<unknown> {
  if (!(failure instanceof ApiError) || failure.status !== 409) return failure;
  const { status } = await readStatus(client, profileId);
  return status === 'paused' ? new PausedError(failure.message, failure) : failure;
}

interface StartAnswer {
  readonly messages: readonly MessageAnswer[];
  readonly failure?: unknown;
}

const messagesAnswer = z.object({ value: z.array(messageAnswer) });

/** 200 and 400 carry the same collection of messages; only an error envelope is a failure. Never throws. */
async function sendStart(client: ApiClient, profileId: string): Promise<StartAnswer> {
  try {
    const body = await client.send({ method: 'POST', path: `${profilePath(profileId)}/start`, body: {} });
    return { messages: messagesAnswer.safeParse(body).data?.value ?? [] };
  } catch (error) {
    const messages = error instanceof ApiError ? messagesAnswer.safeParse(error.body).data : undefined;
    return messages === undefined ? { messages: [], failure: error } : { messages: messages.value };
  }
}

/** Shows progress until the run is over, or waits for somebody: completed, held, suspended, broken, superseded, cancelled. */
export async function followRun(client: ApiClient, first: RunAnswer, view: View): Promise<RunAnswer> {
  const { system, interrupt } = client.scope;
  let run = first;
  let pauseMs = FIRST_POLL_MS;
  let told = '';
  while (isUnderWay(run.state)) {
    const waits = waitOf(run);
    if (waits !== null && waits !== told) view.warn((told = waits));
    view.progress(progressOf(run));
    await sleepOr(system.sleep(pauseMs, interrupt), interrupt);
    pauseMs = Math.min(LONGEST_POLL_MS, pauseMs * 1.3);
    run = await client.get(`/api/v1/runs/${encodeURIComponent(run.id)}`, runAnswer);
  }
  view.progressDone();
  return run;
}

async function sleepOr(sleep: Promise<void>, interrupt: AbortSignal): Promise<void> {
  await sleep;
  if (interrupt.aborted)
    throw new InterruptedError(
      'Interrupted. What was started goes on in the service; rollbook status --watch follows it.',
    );
}

/** A run that the schedule of its profile does not let begin: hours may pass, so whoever waits for it is told. */
function waitOf(run: RunAnswer): string | null {
  if (run.state !== 'queued' || !run.nextAttemptAt) return null;
  return `The run begins at ${printable(run.nextAttemptAt)}. ${printable(run.message ?? '')} Ctrl-C leaves it to the service.`;
}

export function isUnderWay(state: string): boolean {
  return state === 'queued' || state === 'staging' || state === 'planning' || state === 'applying';
}

const STAGE_OF_STATE: Readonly<Record<string, string>> = {
  queued: 'queued',
  staging: 'extracting',
  planning: 'planning',
  applying: 'applying',
};

export function progressOf(run: RunAnswer): Progress {
  const progress = run.progress ?? null;
  if (run.state === 'queued' || progress === null) return { stage: STAGE_OF_STATE[run.state] ?? run.state };
  const percent = {
    ...(progress.percent === undefined ? {} : { percent: progress.percent }),
    ...(typeof progress.secondsLeft === 'number' ? { secondsLeft: progress.secondsLeft } : {}),
  };
  if (progress.itemsDone !== undefined)
    return {
      stage: progress.stage,
      ...percent,
      done: progress.itemsDone,
      ...(progress.itemsTotal === undefined ? {} : { total: progress.itemsTotal }),
      unit: 'changes',
    };
  if (progress.rowsDone !== undefined)
    return {
      stage: progress.stage,
      ...percent,
      done: progress.rowsDone,
      ...(progress.rowsTotal === undefined ? {} : { total: progress.rowsTotal }),
      unit: 'rows',
    };
  return { stage: progress.stage, ...percent };
}
